"""Figures as a browser shows them: colours by day and by night, fonts, nothing cut off."""

import re

import pytest
from the_book import BOOK

pytest.importorskip("playwright", reason="Playwright is not installed")
from test_browser import CHROMIUM, browser, open_page, url  # noqa: F401  (fixtures)
from test_figures import contrast

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
CHAPTERS = [name.removeprefix("chapters/") for name in BOOK.chapters()]
LOOKS = """plot => {
  const of = (e, name) => getComputedStyle(e)[name];
  const page = document.querySelector(".bd-article");
  let ground = page;
  while (of(ground, "backgroundColor") === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
  const seen = [...plot.querySelectorAll("path, use")];
  return {
    ground: of(ground, "backgroundColor"), text: of(page, "color"), font: of(page, "fontFamily"),
    texts: [...plot.querySelectorAll("text")].map(e => [of(e, "fill"), of(e, "fontFamily")]),
    fills: seen.map(e => of(e, "fill")), strokes: seen.map(e => of(e, "stroke")),
    size: [plot.clientWidth, plot.parentElement.clientWidth, plot.clientHeight],
  };
}"""


def rgb(css: str):
    return [int(part) / 255 for part in re.findall(r"\d+", css)[:3]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_plots_have_the_pages_font_and_colours(open_page, chapter, scheme):  # noqa: F811
    page = open_page(f"en/chapters/{chapter}", scheme)
    plots = [plot for plot in page.locator("article svg.plot").all() if plot.is_visible()]
    assert plots
    for plot in plots:
        seen = plot.evaluate(LOOKS)
        assert contrast(rgb(seen["ground"]), "white" if scheme == "light" else "black") < 1.3
        assert contrast(rgb(seen["text"]), rgb(seen["ground"])) > 7
        assert {tuple(one) for one in seen["texts"]} == {(seen["text"], seen["font"])}
        assert "rgb(255, 255, 255)" not in seen["fills"]  # no white box
        assert seen["text"] in seen["strokes"]  # the axes
        for color in {*seen["strokes"]} - {"none"}:
            assert contrast(rgb(color), rgb(seen["ground"])) >= 3, color


CUT = """plot => {
  const box = plot.getBoundingClientRect();
  const frame = Math.max(...[...plot.querySelectorAll("path")]
      .map(path => path.getBoundingClientRect().right).filter(right => right < box.right - 1));
  return [...plot.querySelectorAll("text")].filter(text => {
    const one = text.getBoundingClientRect();
    return one.left < box.left - 2 || one.right > box.right + 2
        || one.top < box.top - 2 || one.bottom > box.bottom + 2
        || (getComputedStyle(text).textAnchor === "start" && one.right > frame + 1);  // a legend
  }).map(text => text.textContent);
}"""


@pytest.mark.parametrize("language", BOOK.languages, ids=lambda one: one.folder)
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_word_of_a_plot_is_cut_off(open_page, chapter, language):  # noqa: F811
    for width in (1280, 390):
        page = open_page(f"{language.folder}/chapters/{chapter}", width=width)
        for plot in page.locator("article svg.plot").all():
            if plot.is_visible():
                assert plot.evaluate(CUT) == []
                width_of_plot, room, _ = plot.evaluate(LOOKS)["size"]
                assert 100 < width_of_plot <= room <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawings_follow_the_theme(open_page, scheme):  # noqa: F811
    other = {"light": "dark", "dark": "light"}[scheme]
    page = open_page("en/chapters/gaussian", scheme=other)  # of the system, not of the page
    page.evaluate(f"document.documentElement.dataset.theme = '{scheme}'")
    page.wait_for_timeout(200)
    image = page.locator("article figure img").first
    image.scroll_into_view_if_needed()
    from io import BytesIO

    from PIL import Image

    pixels = Image.open(BytesIO(image.screenshot())).convert("RGB")
    corner = [value / 255 for value in pixels.getpixel((pixels.width // 2, 8))]
    assert contrast(corner, "white" if scheme == "light" else "black") < 1.5
