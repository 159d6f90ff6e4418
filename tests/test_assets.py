"""Assets: pages stay light, and nothing that they show is left out."""

import pytest
from fontTools.ttLib import TTFont

from _ext.build import build

pytest.importorskip("playwright", reason="Playwright is not installed")
from benchmarks import pages

browser = pytest.mark.skipif(pages.CHROMIUM is None, reason="no Chromium on this machine")
KB = 1000
FRONT, CHAPTER, NEXT, SITE = 250 * KB, 600 * KB, 150 * KB, 60_000 * KB
CHAPTERS = ["gaussian", "convergence", "digits", "dcgan"]
ICONS = """
() => [...document.querySelectorAll("*")].flatMap(element =>
  ["::before", "::after"].map(part => getComputedStyle(element, part))
    .filter(style => style.fontFamily.includes("Awesome") && style.content != "none")
    .map(style => [style.fontWeight, style.fontFamily, style.content]))
"""


def signs(site, name: str) -> set[int]:
    fonts = site / "_static" / "vendor" / "fontawesome" / "webfonts"
    with TTFont(fonts / f"fa-{name}.woff2") as font:
        return set(font.getBestCmap())


@pytest.fixture(scope="module")
def chromium():
    with pages.chromium() as chromium:
        yield chromium


@browser
@pytest.mark.parametrize("folder", ["en", "vi"])
@pytest.mark.parametrize("page", ["index", *(f"chapters/{chapter}" for chapter in CHAPTERS)])
def test_a_page_is_light_at_the_first_visit_and_more_so_at_the_next(site, chromium, folder, page):
    """As sent to a reader who scrolls to its end; the second time, the browser has the rest."""
    with pages.served(site) as url, pages.reader(chromium) as reader:
        first, again = (pages.visit(reader, f"{url}/{folder}/{page}.html") for _ in range(2))
    assert 20 * KB < first.size < (FRONT if page == "index" else CHAPTER), first
    assert again.size < NEXT, again


def test_the_site_is_small(site):
    files = [path for path in site.rglob("*") if path.is_file()]
    assert 5_000 * KB < sum(path.stat().st_size for path in files) < SITE


@browser
def test_every_icon_on_a_page_is_in_its_font(site, chromium):
    page = chromium.new_page()
    page.goto((site / "en" / "chapters" / "gaussian.html").as_uri())
    icons = page.evaluate(ICONS)
    page.close()
    assert len(icons) > 5
    for weight, family, content in icons:
        font = (
            "brands-400" if "Brands" in family else "solid-900" if weight > "400" else "regular-400"
        )
        missing = {sign for sign in map(ord, content.strip('"')) if sign > 0xE000} - signs(
            site / "en", font
        )
        assert not missing, (weight, family, content)


def test_an_icon_that_only_a_page_names_is_in_the_font(small_book):
    small = small_book()
    small.write("index.md", "# Home\n\n{fas}`bomb` and {fab}`python`\n")
    small.chapter("Text.")
    small.pretend_executed(lambda c, b: [])
    build(small.root, small.root / "_build", "html")
    site = small.root / "_build" / "html"
    assert 0xF1E2 in signs(site, "solid-900") and 0xF3E2 in signs(site, "brands-400")
    assert 0xF7E4 not in signs(site, "solid-900"), "an icon that nothing shows"


def test_nothing_that_no_page_asks_for_is_in_the_site(site):
    names = {path.name for path in (site / "en" / "_static").rglob("*")}
    assert not {name for name in names if name.endswith((".map", ".ttf"))}
    assert "fontawesome.js" not in names
