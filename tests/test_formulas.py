"""Formulas: set while the pages are built, in every place where one can be; no script does it."""

import filecmp
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from books import ROOT, cell
from bs4 import BeautifulSoup
from same import letters, of_tex
from test_same import png

from _ext import build as engine
from _ext import words
from _ext.formulas import typeset, written

KATEX = ROOT / "_ext" / "katex"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PLACES = r"""
In a line: ($x_1$), *$x_2$*, [$x_3$](https://e.org); **bold $x_4$**. Costs \$5 and \$6, "$x_5$"!

$$
x_6
$$ (six)

By {eq}`six` and {eq}`seven`.

```{math}
:label: seven
a &= x_7 \\
  &= b
```

```{math}
x_8 = 1

y_8 = 2
```

\begin{align}
x_9 &= 1 \\
y_9 &= 2
\end{align}

\begin{multline*}
x_{10} \\ y_{10}
\end{multline*}

:::{figure} dot.png
:alt: A dot at $x^2 = \tfrac{1}{2}$, for $5 and $6.

A caption, $x_{11}$.
:::

:::{dropdown} A quiz: $x_{12}$?
$x_{13}$
:::

```{margin} A note on $x_{14}$
$x_{15}$
```

| $x_{16}$ | b |
|---|---|
| $\|x_{17}\|$ | c |

- a list: $x_{18}$
- and

  $$x_{19}$$

term $x_{20}$
: $x_{21}$

A note[^1].

[^1]: With $x_{22}$.

> A quote, $x_{23}$.

## A section, $x_{24}$

"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A book with a formula in every place, in pages, in folders, and for e-book readers."""
    from books import SmallBook

    small = SmallBook(tmp_path_factory.mktemp("formulas"), ("alpha", "beta"))
    small.configure(
        "  config:\n",
        "  config:\n    numfig: true\n    suppress_warnings: [myst.footnote]\n"
        "    epub_exclude_files: [_static/minisearch/LICENSE.txt]\n",
    )
    (small.root / "dot.png").write_bytes(png(1, 2, 3))
    small.write("_toc.yml", "format: jb-book\nroot: index\nchapters: [{file: x}, {file: plain}]\n")
    small.write("plain.md", "# Plain\n\nNothing here.\n")
    small.chapter(PLACES + cell("a"))
    small.write(
        "x.md", (small.root / "x.md").read_text().replace("# A chapter", r"# On $\mathcal{N}(x^2)$")
    )
    small.pretend_executed()
    engine.build(
        small.root, small.root / "_build", "html", "dirhtml", "epub", settings={"version": "1"}
    )
    return small.root / "_build"


def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("page", ["html/x.html", "dirhtml/x/index.html"])
def test_a_formula_is_set_in_every_place(built, page):
    article = read(built / page).select_one("article")
    shown = "".join(formula.text for formula in article.select(".math .katex-html"))
    for number in range(1, 25):
        assert f"x{number}" in shown.replace("\u200b", ""), number
    for formula in article.select(".math"):
        tex = formula.select_one("math annotation[encoding='application/x-tex']").text
        assert letters(formula.select_one(".katex-html").text) == letters(of_tex(tex)), tex
        assert formula.select_one(".katex-html")["aria-hidden"] == "true"
    rest = BeautifulSoup(str(article), "html.parser")
    for node in rest.select(".math, script"):
        node.decompose()
    assert "Costs $5 and $6" in rest.text
    assert not re.search(r"\$x|\\\\|\\[a-z(\[]|x_", rest.text)


def test_where_only_text_can_stand_a_formula_is_text(built):
    page, plain = read(built / "html" / "x.html"), read(built / "html" / "plain.html")
    assert page.title.text.startswith("On 𝒩(x^2) — ")
    assert plain.select_one("link[rel=prev]")["title"] == "On 𝒩(x^2)"
    assert page.select_one("figure img")["alt"] == "A dot at x^2 = 1/2, for $5 and $6."


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\log D^*(x)", "log D^∗(x)"), (r"\tfrac{1}{2n}", "1/(2n)"), ("x_{ij}^2", "x_(ij)^2"),
        (r"\sqrt{x} \approx \sqrt[3]{y+1}", "√x ≈ (y + 1)^(1/3)"), (r"\mathbb{R}^d", "ℝ^d"),
        (r"a < b \& c", "a < b&c"), (r"\hat{y}", "y^"), (r"\sum_{i=1}^n i", "∑_(i = 1)^ni"),
    ],
)  # fmt: skip
def test_formulas_in_words(tex, text):
    (done,) = typeset([(tex, False)], "mathml")
    assert done.words == text


def test_numbers_stand_beside_their_formulas_and_are_linked(built):
    article = read(built / "html" / "x.html").select_one("article")
    numbers = {
        box.select_one(".eqno").contents[0]: box["id"]
        for box in article.select("div.math:has(.eqno)")
    }
    assert numbers == {"(1)": "equation-six", "(2)": "equation-seven", "(3)": "equation-x-0"}
    links = [(a.text, a["href"]) for a in article.select("a.reference[href*=equation]")]
    assert links == [("(1)", "#equation-six"), ("(2)", "#equation-seven")]
    assert not article.select(".katex-tag, .katex-eqn-num, .eqn-num")  # no second number


def test_styles_come_where_formulas_are_and_no_script_does(built):
    for page in (built / "html").rglob("*.html"):
        text = page.read_text("utf-8")
        # every page has the chapter's title, with its formula, in its sidebar
        assert ("katex-swap.min.css" in text) == ('class="katex"' in text), page
        assert not re.search(r"(?i)mathjax|katex[\w.]*\.js", text)
    static = built / "html" / "_static" / "katex"
    assert not list(static.rglob("*.js"))
    style = (static / "katex-swap.min.css").read_text()
    for font in re.findall(r"url\((fonts/[\w-]+\.woff2)\)", style):
        assert (static / font).is_file()


def test_readers_of_e_books_get_mathml(built):
    page = read(built / "epub" / "x.xhtml")
    assert len(page.select("math")) > 24
    assert not page.select(".katex-html") and not (built / "epub/_static/katex").exists()


def test_two_builds_are_the_same(built, tmp_path):
    again = tmp_path / "book"
    shutil.copytree(built.parent, again, ignore=shutil.ignore_patterns("_build"))
    engine.build(again, again / "_build", "html", settings={"version": "1"})
    for page in sorted((built / "html").rglob("*.html")):
        assert filecmp.cmp(page, again / "_build/html" / page.relative_to(built / "html"), False), (
            page
        )


BAD = r"""
In a line
with $\bada$.

$$
\badb
$$

## A title, $\badc$

```{math}
:label: e
\badd
```

| a | b |
|---|---|
| c | $\bade$ |

:::{dropdown} A quiz: $\badf$?
$\badg$
:::

```{margin}
$\badh$
```

- a
- $\badi$

\begin{align}
a &= \badj
\end{align}

:::{figure} dot.png
:alt: A dot, $\badk$.

A caption, $\badl$.
:::

> [$\badm$](https://e.org)

"""


def test_formulas_that_cannot_be_set_stop_the_build_with_their_places(small_book):
    small = small_book()
    (small.root / "dot.png").write_bytes(png(1, 2, 3))
    small.chapter(BAD + cell("a"))
    small.pretend_executed()
    code = (
        "import sys; from pathlib import Path; from _ext.build import build\n"
        "build(*map(Path, sys.argv[1:]), 'html')"
    )
    command = [sys.executable, "-c", code, small.root, small.root / "_build"]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    assert done.returncode and "Book error: the book has warnings (en, html)" in done.stderr
    said = re.findall(
        r"x\.md:(\d+): WARNING: the formula (.*?) cannot be set: (.*?);", done.stderr, re.DOTALL
    )
    lines = (small.root / "x.md").read_text().splitlines()
    for letter in "abcdefghijklm":
        ((line, _, reason),) = [one for one in said if rf"\bad{letter}" in one[1]]
        assert reason == rf"Undefined control sequence: \bad{letter}"
        (real,) = [number for number, text in enumerate(lines, 1) if rf"\bad{letter}" in text]
        assert abs(int(line) - real) <= 2, letter  # MyST knows where its block begins


@pytest.mark.parametrize(
    ("tex", "error"),
    [
        (r"\foo", r"Undefined control sequence: \\foo"), (r"a & b", "'EOF', got '&'"),
        (r"\def\a{\a\a}\a", "Too many expansions"), (r"\begin{foo}x\end{foo}", "environment"),
        (r"\left( x", "got 'EOF'|end of input"), (r"\href{javascript:f()}{x}", "href has no place"),
        (r"\includegraphics{x.png}", "has no place"), ("x^2^3", "superscript"),
        (r"\htmlData{a=b}{x}", "HTML extension is disabled"), ("độ", "Unicode"),
        (r"\text{độ}", "Unicode"), ("x % y", "comment"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("output", ["htmlAndMathml", "mathml"])
def test_bad_tex_is_refused_by_its_reason(tex, error, output):
    (done,) = typeset([(tex, True)], output)
    assert re.search(error, done.error), done.error
    assert "<code>" in done.html


def test_tex_does_not_become_markup():
    tex = r"</annotation></math><script>alert(1)</script> \text{<b>\&amp;"
    for display in (True, False):
        (done,) = typeset([(tex + "}", display)], "htmlAndMathml")
        page = BeautifulSoup(done.html, "html.parser")
        assert not done.error and not page.select("script, b")
        assert page.select_one("annotation").text == tex + "}"


def test_one_bad_formula_leaves_the_others():
    good, bad, again = typeset([("x", False), ("\\bad", False), ("y", True)], "htmlAndMathml")
    assert not good.error and bad.error and not again.error


def test_every_formula_of_the_book_is_set(site):
    count = 0
    for path in sorted(site.rglob("chapters/*.html")):
        for formula in read(path).select("article .math"):
            assert formula.select_one(".katex-html .katex-base") and formula.select_one("math")
            assert not formula.select(".katex-error, [style*='#cc0000'], code")
            count += 1
    assert count > 500
    assert not list(site.rglob("*mathjax*"))


def test_only_pages_with_formulas_load_their_styles(site):
    pages = {
        path: path.read_text("utf-8")
        for path in site.glob("*/**/*.html")
        if "_static" not in path.parts
    }
    loading = {path for path, text in pages.items() if "katex-swap.min.css" in text}
    assert loading == {path for path, text in pages.items() if 'class="katex"' in text}
    assert 0 < len(loading) < len(pages)


def test_katex_is_as_npm_has_it():
    """After a newer version in package.json: copy the files from node_modules/katex again."""
    package = ROOT / "node_modules" / "katex"
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]["katex"]
    assert f'version:"{wanted}"' in (KATEX / "katex.min.js").read_text("utf-8")
    if not package.is_dir():
        pytest.skip("no node_modules: npm ci")
    assert json.loads((package / "package.json").read_text())["version"] == wanted
    ours = {path.relative_to(KATEX) for path in KATEX.rglob("*") if path.is_file()}
    fonts = {Path("fonts", font.name) for font in (package / "dist/fonts").glob("*.woff2")}
    assert ours == {Path("LICENSE"), Path("katex.min.js"), Path("katex-swap.min.css")} | fonts
    for name in ours:
        theirs = package / name if name.name == "LICENSE" else package / "dist" / name
        assert (KATEX / name).read_bytes() == theirs.read_bytes(), name


# --- in a browser, without a server and without JavaScript ---


@pytest.fixture
def browse():
    """Open a file in Chromium without JavaScript for pages; what it loaded is in `page.loaded`."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )

        def open_(path, width=1280, scheme="light", script=False):
            context = browser.new_context(
                java_script_enabled=script,
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
            )
            page = context.new_page()
            page.loaded = []
            page.on("request", lambda request: page.loaded.append(request.url))
            page.goto(path.as_uri(), wait_until="load")
            page.wait_for_function(
                "document.fonts.status == 'loaded'"
            ) if script else page.wait_for_timeout(500)
            return page

        yield open_
        browser.close()


def test_without_javascript_formulas_are_seen_in_their_fonts(browse, site):
    page = browse(site / "en/chapters/gaussian.html")
    formulas = page.locator("article .math .katex-html")
    assert formulas.count() > 60
    assert formulas.first.bounding_box()["width"] > 5
    fonts = {url.split("/")[-1] for url in page.loaded if url.endswith(".woff2")}
    assert {"KaTeX_Main-Regular.woff2", "KaTeX_Math-Italic.woff2"} <= fonts
    assert len([font for font in fonts if "KaTeX" in font]) < 10  # those it needs
    assert not [url for url in page.loaded if "katex" in url and url.endswith(".js")]


def test_a_page_without_formulas_loads_nothing_for_them(browse, site):
    page = browse(site / "en/chapters/reading.html", script=True)
    assert not [url for url in page.loaded if "katex" in url.lower()]


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("path", ["en/chapters/gaussian", "vi/chapters/convergence"])
def test_wide_formulas_scroll_beside_their_number(browse, site, path, width):
    page = browse(site / f"{path}.html", width, script=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate(
        """[...document.querySelectorAll('article div.math')].filter(
            e => e.checkVisibility()
        ).map(e => {
            const box = e.getBoundingClientRect(), formula = e.querySelector('.katex-display');
            const number = e.querySelector('.eqno')?.getBoundingClientRect();
            const [wide, tall] = [formula.scrollWidth - formula.clientWidth,
                                  formula.scrollHeight - formula.clientHeight];
            return {wide, tall, out: box.right - innerWidth,
                    far: number && box.right - number.right,
                    over: number && formula.getBoundingClientRect().right - number.left};
        })"""
    )
    assert boxes
    for box in boxes:
        assert box["out"] <= 0 and box["tall"] <= 0
        if box["far"] is not None:
            assert 0 <= box["far"] < 40 and box["over"] <= 0
    assert any(box["wide"] > 0 for box in boxes) == (width < 400)


APART = """[...document.querySelectorAll('article span.math')].filter(
    m => m.checkVisibility()
).flatMap(m => {
    const bases = [...m.querySelectorAll('.katex-base')].map(e => e.getBoundingClientRect());
    const at = (node, i) => {
        const range = document.createRange();
        range.setStart(node, i);
        range.setEnd(node, i + 1);
        return range.getBoundingClientRect();
    };
    const [before, after] = [m.previousSibling, m.nextSibling];
    const bad = [];
    if (after?.nodeType == 3 && /^[^\\s\\w]/.test(after.data)
        && at(after, 0).left < bases.at(-1).right - 2) bad.push(m.textContent + after.data);
    if (before?.nodeType == 3 && /[^\\s\\w]$/.test(before.data)
        && at(before, before.length - 1).right > bases[0].left + 2
    ) bad.push(before.data + m.textContent);
    return bad;
})"""


@pytest.mark.parametrize("path", ["en/chapters/gaussian", "pt-br/chapters/convergence"])
def test_no_line_begins_with_the_punctuation_of_a_formula(browse, site, path):
    page = browse(site / f"{path}.html", script=True)
    for width in range(320, 480, 5):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(APART) == [], width


def test_formulas_have_the_colour_of_the_text_in_the_dark(browse, site):
    page = browse(site / "en/chapters/gaussian.html", scheme="dark", script=True)
    colours = page.evaluate(
        """[...document.querySelectorAll('article p .math .mord')].map(
            e => [getComputedStyle(e).color, getComputedStyle(e.closest('p')).color])"""
    )
    assert colours and all(formula == text for formula, text in colours)


COMMAS = {"{whole}.{fraction}": "{whole},{fraction}", "{thousands},{units}": "{thousands}.{units}"}


@pytest.mark.parametrize(
    "tex, expected",
    [
        (r"\beta_2 = 0.999", r"\beta_2 = 0{,}999"),
        (r"\mathcal{N}(0, 0.02^2)", r"\mathcal{N}(0, 0{,}02^2)"),
        ("10{,}000 > 1{,}234{,}567.5", "10{.}000 > 1{.}234{.}567{,}5"),
        ("(1,234)", "(1,234)"),  # two numbers, for all that one knows
        ("x_{1,2}, 3, 4. 5", "x_{1,2}, 3, 4. 5"),
        (r"a \hspace{0.5em} b \\[1.25 ex] 2.5", r"a \hspace{0.5em} b \\[1.25 ex] 2{,}5"),
        (r"0.5\epsilon", r"0{,}5\epsilon"),
        ("0.5 m", "0{,}5 m"),
    ],
)
def test_numbers_in_formulas_are_written_as_readers_do(tex, expected, monkeypatch):
    assert written(tex) == tex
    monkeypatch.setattr(words, "said", lambda message: COMMAS[message])
    assert written(tex) == expected


def test_no_formula_of_a_translation_has_a_decimal_point(site):
    for language, wanted in (("en", r"\d\.\d"), ("vi", r"\d\{,\}\d"), ("pt-br", r"\d\{,\}\d")):
        found = [
            annotation.text
            for page in sorted((site / language / "chapters").glob("*.html"))
            for annotation in BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")(
                "annotation"
            )
        ]
        points = [tex for tex in found if re.search(r"\d\.\d(?!\d*\s*e[mx])", tex)]
        assert any(re.search(wanted, tex) for tex in found)
        assert bool(points) == (language == "en"), points
