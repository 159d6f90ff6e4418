"""Figures: one meaning, one colour; words in the reader's language; captions at their pictures."""

import io
import re
from base64 import b64encode
from itertools import pairwise

import matplotlib
import nbformat
import numpy as np
import pytest
from books import ROOT, SmallBook, cell, printed
from bs4 import BeautifulSoup
from the_book import BOOK, source_of

from _ext import build as engine
from _ext import compare, drawings, plots
from _ext.book import BookError
from d2l_shim.plotting import COLORS, SVG

matplotlib.use("agg")
MEANINGS = ("real", "generated", "discriminator", "generator")
GROUNDS = ("#ffffff", "#14181e", "#121212")  # of the page, by day and by night
# how those see who lack one kind of cones (Machado, Oliveira and Fernandes, 2009)
EYES = {
    "all cones": np.eye(3),
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
}


# --- colours ---


def linear(color) -> np.ndarray:
    """Red, green and blue light of a colour, from 0 to 1."""
    rgb = np.array(matplotlib.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other) -> float:
    """The contrast of two colours, as WCAG measures it."""
    a, b = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (b + 0.05) / (a + 0.05)


def lab(light) -> np.ndarray:
    """Light as CIELAB coordinates, in which a distance of 2 is just to be seen."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]]
    xyz = np.array(to_xyz) @ np.clip(light, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", EYES)
def test_every_eye_tells_the_four_meanings_apart(eye):
    seen = {name: lab(EYES[eye] @ linear(COLORS[name])) for name in MEANINGS}
    for a in MEANINGS:
        for b in MEANINGS:
            assert a == b or np.linalg.norm(seen[a] - seen[b]) > 30, (a, b)


@pytest.mark.parametrize("name", [name for name in COLORS if name != "ink"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_colour_stands_out_by_day_and_by_night(name, ground):
    assert contrast(COLORS[name], ground) >= 3  # WCAG 1.4.11; ink is the page's text


def test_chapters_call_colours_by_their_meaning():
    colour = re.compile(r"""\b(?:c|color|facecolor|edgecolor|fc|ec)="([^"]*)\"""")
    found = set()
    for chapter in BOOK.chapters():
        for one in source_of(chapter).cells:
            if one.cell_type == "code":
                assert not re.search(r"#[0-9a-fA-F]{6}|\[\"C\d", one.source), f"{chapter}, {one.id}"
                found |= set(colour.findall(one.source))
    assert {"real", "generated"} < found <= set(COLORS)


def test_drawings_have_the_colours_of_the_plots():
    def drawing(name):
        return (ROOT / f"chapters/img/{name}.svg").read_text(encoding="utf-8")

    assert all(COLORS[name] in drawing("gan") for name in MEANINGS)
    clouds = {"real", "generated"}
    expected = {"forger": {"generated", "discriminator"}, "tconv": set(), "logo": clouds}
    for name, meanings in {**expected, "favicon": clouds}.items():
        assert {m for m in MEANINGS if COLORS[m] in drawing(name)} == meanings


def outputs():
    """The plots of the book's notebooks: (chapter, backend, cell, parsed SVG)."""
    for chapter in BOOK.chapters():
        for backend in BOOK.backends:
            notebook = nbformat.read(BOOK.notebook(chapter, backend), as_version=4)
            for one in notebook.cells:
                for data in plots.of(one):
                    svg = data[plots.KIND].partition("<svg")[2]
                    yield chapter, backend.tag, one, BeautifulSoup(f"<svg{svg}", "html.parser")


def test_what_a_legend_calls_by_a_meaning_has_its_colour():
    checked = set()
    for chapter, tag, one, svg in outputs():
        for legend in svg.select('[id^="legend_"]'):
            for key, label in pairwise(legend.find_all("g", recursive=False)):
                name = label.get_text(strip=True)
                if label["id"].startswith("text_") and name in MEANINGS:
                    assert COLORS[name] in str(key), f"{chapter}, {tag}, {one.id}: {name}"
                    checked.add(name)
    assert checked == set(MEANINGS)


def test_all_axes_have_labels():
    for chapter, tag, one, svg in outputs():
        for number, axes in enumerate(svg.select('[id^="axes_"]')):
            for axis in axes.select('[id^="matplotlib.axis_"]'):
                label = axis.find("g", id=re.compile("^text_"), recursive=False)
                beside = number and not axis.find("text")  # its neighbour's scale is its own
                assert beside or label.get_text(strip=True), f"{chapter}, {tag}, {one.id}"


def test_axes_of_the_same_quantity_have_one_scale():
    for chapter, tag, one, svg in outputs():
        for axes in svg.select('[id^="axes_"]'):
            if ">x₂<" not in str(axes):
                continue
            lengths = []
            for axis, coordinate in (("xtick_", "x"), ("ytick_", "y")):
                ticks = [
                    (float(g.find("text").text.replace("−", "-")), float(g.find("use")[coordinate]))
                    for g in axes.select(f'[id^="{axis}"]') if g.find("text")
                ]  # fmt: skip
                (a, x), (b, y) = ticks[0], ticks[-1]
                lengths.append(abs(x - y) / abs(a - b))
            assert lengths[0] == pytest.approx(lengths[1], rel=1e-3), f"{chapter}, {tag}, {one.id}"


# --- captions and numbers ---


def test_every_picture_has_a_numbered_caption(site):
    for language in BOOK.languages:
        for page in sorted((site / language.folder / "chapters").glob("*.html")):
            article = BeautifulSoup(page.read_text("utf-8"), "html.parser").select_one("article")
            for picture in article.select(".cell_output :is(img, svg.plot)"):
                assert picture.find_parent("figure"), f"{page}: {picture.get('alt')}"
            for backend in BOOK.backends:
                tabs = BeautifulSoup(str(article), "html.parser")
                for label in tabs.select("label[data-sync-id]"):
                    if label["data-sync-id"] != backend.tag:
                        label.find_next_sibling("div").decompose()
                numbers = [n.text.split()[-1] for n in tabs.select("figcaption .caption-number")]
                assert len(numbers) == len(tabs.select("article figure"))
                assert [int(n.split(".")[1]) for n in numbers] == [*range(1, len(numbers) + 1)]


PNG = b64encode(bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ff"
    "ff3f0005fe02fe0def46b80000000049454e44ae426082"
)).decode()  # fmt: skip


def shown(data: dict) -> list:
    return [nbformat.v4.new_output("display_data", data)]


def numbered(small: SmallBook) -> SmallBook:
    small.configure("  config:\n", "  config:\n    numfig: true\n")
    small.configure("author: nobody", "author: nobody\nexclude_patterns: [_build]")
    return small


def built(small: SmallBook) -> BeautifulSoup:
    engine.build(small.root, small.root / "_build", "notebook", "html")
    return BeautifulSoup((small.root / "_build/html/x.html").read_text("utf-8"), "html.parser")


def test_a_caption_stands_at_its_picture_in_every_tab(small_book):
    small = numbered(small_book())
    small.chapter(
        cell("draw") + "\n{#fig-a .caption}\nWhat *to* see.\n\n"
        + "See {numref}`fig-a`, {numref}`fig-b`.\n\n"
        + cell("same") + "\n{#fig-b .caption}\nThe second.\n"
    )  # fmt: skip
    small.pretend_executed(
        lambda one, backend: [*shown({"image/png": PNG}), *printed(f"after, by {backend.tag}")]
        if one.source == "draw" else shown({"image/png": PNG})
    )  # fmt: skip
    page = built(small)
    for tag in ("alpha", "beta"):
        figure = page.select_one(f"figure#fig-a-{tag}")
        assert figure.find_parent(id="fig-a")["class"][0] == "sd-tab-set"
        caption = " ".join(figure.figcaption.text.split())
        assert caption.startswith("Fig. 1 What to see.") and figure.img
        after = figure.find_next_sibling()
        assert after.text.strip() == f"after, by {tag}"
        notebook = nbformat.read(small.root / f"_build/notebook/x.{tag}.ipynb", as_version=4)
        at = [one.source for one in notebook.cells].index("draw")
        assert notebook.cells[at + 1].source == ("**Fig. 1** What *to* see.\n\nSee Fig. 1, Fig. 2.")
    assert page.select_one("figure#fig-b figcaption .caption-number").text.strip() == "Fig. 2"
    links = [link["href"] for link in page.select("a.reference.internal:has(.std-numref)")]
    assert links == ["#fig-a", "#fig-b"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("Words.\n\n{.caption}\nBelow words.\n\n" + cell("a"),
         r"x\.md, line \d+: a caption stands right below the code cell .* below paragraph"),
        (cell("prints") + "\n{.caption}\nNo picture.\n",
         r"x\.md, line \d+: a caption without a picture: the cell above it draws none for alpha"),
    ],
)  # fmt: skip
def test_a_caption_without_a_picture_stops_the_build(small_book, body, message):
    small = numbered(small_book())
    small.chapter(body)
    small.pretend_executed(lambda one, backend: printed(backend.tag))
    with pytest.raises(BookError, match=message):
        built(small)


# --- SVG on a page ---

XML = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
PLOT = f"""<?xml version="1.0"?>
<svg {XML} width="72pt" height="36pt" viewBox="0 0 72 36" version="1.1">
 <metadata><dc:title xmlns:dc="http://purl.org/dc/elements/1.1/">who made it</dc:title></metadata>
 <defs><style type="text/css">{plots.STYLE}</style></defs>
 <g id="figure_1"><path d="M 0 0 L 72.123456 36 z" style="fill: #ffffff"/>
  <defs><path id="m1" d="M 0 0 z" style="stroke: #000000"/></defs>
  <g clip-path="url(#p1)"><use xlink:href="#m1" x="1" y="2" style="stroke: #4f93cf"/></g>
  <text style="font-size: 10px; font-family: 'DejaVu Sans'" x="3">noise 12 of 0.50</text>
  <text style="font-size: 10px" x="3">0.25</text>
 </g><defs><clipPath id="p1"><rect width="9" height="9"/></clipPath></defs>
</svg>"""


def speaking(small: SmallBook, svg: str, translation: str) -> SmallBook:
    """A book in two languages that shows an SVG twice."""
    small.configure(
        "    shim: d2l_shim\n",
        "    shim: d2l_shim\n    languages: [{code: en, folder: en, name: English}, "
        "{code: vi, folder: vi, name: V}]\n",
    )
    small.write(
        "locales/vi/LC_MESSAGES/book.po",
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        f'msgid "noise {{n}} of {{n}}"\nmsgstr "{translation}"\n\n'
        'msgid "{whole}.{fraction}"\nmsgstr "{whole},{fraction}"\n',
    )
    code = "```{code-cell}\nmystnb: {image: {alt: 'A \"curve\" & more'}}\n---\n%s\n```\n"
    small.chapter("".join("\n" + code.replace("mystnb", "---\nmystnb") % one for one in "ab"))
    small.pretend_executed(lambda *_: shown({plots.KIND: svg, "image/png": PNG}))
    return small


def test_a_plot_is_part_of_the_page_and_speaks_its_language(small_book):
    small = speaking(small_book("alpha"), PLOT, "nhiễu {n} < trong {n}")
    engine.build(small.root, small.root / "_build", "notebook", "html", language="vi")
    text = (small.root / "_build/html/x.html").read_text("utf-8")
    page = BeautifulSoup(text, "html.parser")
    first, second = page.select("svg.plot")
    for plot in (first, second):
        assert (plot["role"], plot["aria-label"]) == ("img", 'A "curve" & more')
        assert [t.text for t in plot.select("text")] == ["nhiễu 12 < trong 0,50", "0,25"]
        assert not plot.select("style, metadata")
        ids = {node["id"] for node in plot.select("[id]")}
        assert len(ids) == 2
        assert plot.find("use")["href"][1:] in ids
        assert plot.select_one("g[clip-path]")["clip-path"][5:-1] in ids
        assert "DejaVu" not in str(plot) and "#ffffff" not in str(plot)
        assert "stroke: currentColor" in str(plot) and "72.12 36" in str(plot)
    assert not ids & {node["id"] for node in first.select("[id]")}
    assert not list((small.root / "_build/html").rglob("_images/*.svg"))
    notebook = nbformat.read(small.root / "_build/notebook/x.alpha.ipynb", as_version=4)
    (data,) = plots.of(notebook.cells[-1])
    assert ">nhiễu 12 &lt; trong 0,50</text>" in data[plots.KIND]
    assert data["image/png"] != PNG


@pytest.mark.parametrize(
    ("hostile", "what"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<foreignObject><p>x</p></foreignObject>", "<foreignObject>"),
        ('<a href="javascript:alert(1)"><path/></a>', "<a>"),
        ('<path onclick="alert(1)"/>', 'onclick="alert(1)"'),
        ('<g ONLOAD="alert(1)"/>', "ONLOAD="),
        ('<image href="https://elsewhere.org/a.png"/>', "elsewhere"),
        ('<image xlink:href="data:image/svg+xml;base64,aGk="/>', "data:image/svg"),
        ('<use href="other.svg#a"/>', "other.svg#a"),
        ('<path style="fill: url(https://elsewhere.org/a)"/>', "elsewhere"),
        ("<style>body { display: none }</style>", "a <style> of its own"),
        ('<animate attributeName="href" to="javascript:alert(1)"/>', "<animate>"),
        ('<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>', "<script>"),
        ("<g>", "it is no XML"),
    ],
)
def test_an_svg_that_could_do_something_is_refused(small_book, hostile, what):
    small = small_book("alpha")
    small.chapter(cell("fine") + "\n" + cell("draw"))
    svg = PLOT.replace("<g id", f"{hostile}<g id")
    small.pretend_executed(
        lambda one, _: shown({plots.KIND: svg if one.source == "draw" else PLOT})
    )
    with pytest.raises(BookError) as error:
        built(small)
    assert re.search(r"x\.alpha\.ipynb: code cell 3 \(cell-3\) shows an SVG", str(error.value))
    assert what in str(error.value)


def test_entities_are_refused():
    assert "ENTITY" in plots.refused('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>')
    assert plots.refused(PLOT) == ""


# --- the same run, the same bytes; another figure is seen ---


def drawn(y, **settings) -> str:
    from matplotlib import pyplot as plt

    with plt.rc_context(SVG):
        figure, axes = plt.subplots(figsize=(3, 2))
        axes.plot([0, 1, 2], y, color="real", **settings)
        axes.set(xlabel="x", ylabel="y")
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
        plt.close(figure)
    return file.getvalue()


def test_the_same_figure_has_the_same_bytes():
    assert drawn([0, 1, 0]) == drawn([0, 1, 0])


@pytest.mark.parametrize(
    ("y", "settings"),
    [([0, 0.93, 0], {}), ([0, 1, 0], {"linestyle": "--"}), ([0, 1, 0.05], {}), ([5, 6, 5], {})],
)
def test_another_figure_is_seen(y, settings):
    old, new = ({plots.KIND: drawn(*one)} for one in [([0, 1, 0],), (y,)])
    if settings:
        new = {plots.KIND: drawn(y, **settings)}
    (problem,) = compare.differences(shown(old), shown(new), {})
    assert "image/svg+xml: is " in problem
    assert not list(compare.differences(shown(old), shown(old), {}))


# --- words ---


def words_in(page) -> list[str]:
    """The words in a page's plots."""
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    texts = [text.get_text(strip=True) for text in soup.select("svg.plot text")]
    return [text for text in texts if re.search(r"[^\W\d_]{3}", text)]


@pytest.mark.parametrize("language", BOOK.languages[1:], ids=lambda one: one.folder)
def test_no_english_is_left_in_plots(site, language):
    same = {"epoch"} if language.code == "vi" else {"real"}  # the glossary's words for them
    for chapter in BOOK.chapters():
        english = words_in(site / "en" / f"{chapter}.html")
        ours = words_in(site / language.folder / f"{chapter}.html")
        assert english and len(ours) >= len(english) - len(english) // 3
        assert not set(english) & set(ours) - same, chapter


def test_words_are_translated_without_their_numbers():
    assert drawings.words_of(PLOT) == ["noise {n} of {n}"]
    assert drawings.words_of("<text>only beta1 = 0.5</text>") == ["only beta1 = {n}"]
