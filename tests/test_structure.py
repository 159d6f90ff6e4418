"""The structure of pages: anchors, titles, references, the foot, what shows itself on hover."""

import os
import re
import shutil
import subprocess
import sys
import time

import nbformat
import pytest
from books import ROOT, cell
from bs4 import BeautifulSoup
from the_book import BOOK

from _ext import build as engine
from _ext import split
from _ext.catalogs import messages
from _ext.sharing import full_title
from _ext.words import CATALOG

SETTINGS = """\
    myst_heading_anchors: 4
    suppress_warnings: [myst.footnote]
    myst_footnote_transition: false
"""
LANGUAGES = """\
    languages:
      - {code: en, folder: en, name: English}
      - {code: vi, folder: vi, name: Tiếng Việt}
"""
HOSTILE = """
See [](#training), [](#same-1), {ref}`fig`.

## Training

(training)=
## Taken by the heading above

(fig)=
## Fig

## $\\frac{a}{b}$

## 🎉

## 🎉

## Bộ sinh đối kháng

## 生成器

## 生成器

### Same

### Same

## Same

### Same

## Same

## 123

## `x`
"""
CITING = """\
Read {footcite:p}`a`, and again {footcite:p}`a`.

## More

```{footbibliography}
```
"""
ANCHORS = [
    "home", "training", "taken-by-the-heading-above", "fig", "frac-a-b",
    "section", "home-section", "bo-sinh-doi-khang", "生成器", "home-生成器",
    "same", "生成器-same", "home-same", "same-same", "home-same-2",
    "123", "x",
]  # fmt: skip


def catalog(**translations: str) -> str:
    """A catalog with these translations of one word each."""
    entries = [f'msgid "{word}"\nmsgstr "{said}"\n' for word, said in translations.items()]
    return "\n".join(['msgid ""\nmsgstr ""\n', *entries])


def html(small, page: str = "index", language: str = "en", **settings) -> BeautifulSoup:
    """A page of a small book, built."""
    cache = small.root / "_build" / language
    engine.build(small.root, cache, "html", language=language, settings=settings)
    return BeautifulSoup((cache / "html" / f"{page}.html").read_text("utf-8"), "html.parser")


@pytest.fixture
def book(small_book):
    """A small book in two languages; its chapter has one cell."""
    small = small_book()
    small.configure("  config:\n", "  config:\n" + SETTINGS + LANGUAGES)
    small.chapter(cell("a"))
    small.pretend_executed()
    return small


# --- anchors ---


def anchors(page: BeautifulSoup) -> list[str]:
    return [section["id"] for section in page.select("article section[id]")]


def test_every_process_collects_the_same_tests():
    """As the workers of pytest-xdist must: at another second, with sets in another order."""
    names = []
    for seed in "12":
        began = time.time()
        names += [subprocess.run(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", "-o", "addopts=", "tests"],
            cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, text=True,
        ).stdout.splitlines()[:-1]]  # fmt: skip
        time.sleep(max(0, 1 - time.time() + began))
    assert len(names[0]) > 500
    assert names[0] == names[1]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_every_heading_has_an_anchor_that_speaks(book, language):
    book.write("index.md", f"# Home\n{HOSTILE}")
    book.write("locales/vi/LC_MESSAGES/index.po", catalog(Same="Giống", Training="Huấn luyện"))
    page = html(book, language=language)
    assert anchors(page) == ANCHORS
    assert [a["href"][1:] for a in page.select("nav.page-toc a")] == ANCHORS[1:]
    links = [a["href"][1:] for a in page.select("article p a.reference")]
    assert links == ["taken-by-the-heading-above", "生成器-same", "fig"]
    ids = [node["id"] for node in page.select("[id]")]
    assert len(ids) == len(set(ids))


def test_anchors_stay_when_something_is_added(book):
    book.write("references.bib", "@misc{a, title={T}, year={2001}}")
    book.write("index.md", f"# Home\n\n{CITING}\n{HOSTILE}")
    assert [one for one in anchors(html(book)) if one != "more"] == ANCHORS


def test_a_page_of_the_book_has_no_two_entries_alike_in_its_contents(site):
    seen = 0
    for path in site.glob("*/chapters/*.html"):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        entries = [link.text.strip() for link in page.select("nav.page-toc a")]
        assert len(entries) == len(set(entries)), path
        assert not [one for one in anchors(page) if one.startswith("id")], path
        seen += len(entries)
    assert seen > 50 * len(BOOK.languages) / 3


# --- titles, the foot, references, words that are not translated ---


@pytest.mark.parametrize(
    ("number", "title", "book", "said"),
    [
        ("1. ", "Games", "A book", "1. Games — A book"),
        ("1. ", "A Book", "A book", "1. A Book"),
        ("", "Games", "", "Games"),
    ],
)
def test_a_title_says_nothing_twice(number, title, book, said):
    assert full_title(number, title, book) == said


def test_titles_of_the_book_are_distinct(site):
    for language in BOOK.languages:
        folder = site / language.folder
        pages = [(folder / f"{page}.html").read_text("utf-8") for page in BOOK.pages()]
        titles = [BeautifulSoup(text, "html.parser").title.text for text in pages]
        assert len(set(titles)) == len(titles) == 8
        for title in titles:
            first, _, second = title.partition(" — ")
            assert first.partition(". ")[2] != second


def test_the_foot_tells_author_licences_and_source(book):
    book.configure("author: nobody", "author: J. <Doe>\ncopyright: '2020'")
    book.configure('url: ""', "url: https://github.com/o/n")
    book.configure(
        "  config:\n", "  config:\n    licences: [{of: Code, name: A & B, url: 'https://a.b'}]\n"
    )
    book.write("locales/vi/LC_MESSAGES/book.po", catalog(**{"By {author}": "Tác giả: {author}"}))
    foot = html(book, "x", "vi").select_one(".foot")
    assert foot.text == "Tác giả: J. <Doe> · © 2020 · Code: A & B · Source of this page"
    assert [a["href"] for a in foot.select("a")] == [
        "https://a.b", "https://github.com/o/n/blob/main/x.md"
    ]  # fmt: skip
    marked = [one.text for one in foot.select("[lang=en]")]
    assert marked == ["J. <Doe>", "Code", "Source of this page"]


def test_ways_back_stand_behind_a_reference(book):
    book.write("references.bib", "@misc{a, title={T}, year={2001}}\n@misc{b, title={U}, year={2}}")
    book.write("index.md", f"# Home\n\nSee {{footcite:p}}`b`.\n\n{CITING}")
    notes = html(book).select("aside.footnote")
    assert [" ".join(note.text.split()) for note in notes] == [
        "[1] U. 2. ↩",
        "[2] T. 2001. ↩ 1 ↩ 2",
    ]
    backs = [a["href"] for note in notes for a in note.select(".backrefs a")]
    page = html(book)
    assert len(backs) == 3 and all(page.select_one(back) for back in backs)


def test_all_that_the_engine_says_in_english_is_marked(book):
    """In an edition without a catalog; see also the foot."""
    book.write("_toc.yml", "format: jb-book\nroot: index\nparts: [{caption: One & two, chapters: "
               "[{file: x}]}]\n")  # fmt: skip
    book.chapter(cell("a", "hide-input") + cell("b", "alpha"))
    book.pretend_executed()
    book.write("index.md", "# Home\n\n```{translation-table}\n```\n")
    page = html(book, "x", "vi")
    for english in page.select(".launch .sd-tab-content span:not(.download)"):
        assert english.find_parent(lang="en") or english.get("lang") == "en", english
    assert {one["lang"] for one in page.select("details.hide summary p")} == {"en"}
    assert page.select_one("p.caption .caption-text")["lang"] == "en"
    assert [one.text for one in page.select("nav.bd-links a [lang=en]")] == ["A chapter"]
    assert page.select_one("meta[name=copy]")["lang"] == "en"
    assert html(book, "index", "vi").select_one("th [lang=en]").text == "Page"
    assert not html(book, "x", "en").select("article [lang], nav.bd-links [lang]")


def test_the_table_of_translations_has_titles(book):
    book.write("index.md", "# Home\n\n```{translation-table}\n```\n")
    book.write("locales/vi/LC_MESSAGES/x.po", catalog(**{"A chapter": "Một chương"}))
    links = html(book, "index", "vi").select("table.data a")
    assert [(a["href"], a.text) for a in links] == [("#", "Home"), ("x.html", "Một chương")]


# --- glossary ---


def test_the_first_place_of_a_term_shows_its_english_name(book):
    book.write(
        "locales/glossary.csv", "en,vi\nstride,bước\nlong stride,bước dài (stride)\na,a\nb,\n"
    )
    paragraphs = {
        "Step by step.": "Từng bước.",  # another meaning
        "Strides, and a long  stride.": "Những bước, và một *bước dài*.",
        "The stride again.": "Lại bước ấy.",
    }
    book.write("index.md", "# Home\n\n" + "\n\n".join(paragraphs))
    book.write("locales/vi/LC_MESSAGES/index.po", catalog(**paragraphs))
    terms = html(book, "index", "vi").select(".term")
    assert [(one.text, one["title"], one["data-tip"]) for one in terms] == [
        ("bước", "English: stride", "en"), ("bước dài", "English: long stride", "en"),
    ]  # fmt: skip
    assert not html(book, "index", "en").select(".term")


def test_a_term_that_the_translator_explains_is_left_alone(book):
    book.write("locales/glossary.csv", "en,vi\nstride,bước\n")
    paragraphs = {"A stride.": "Một bước (stride).", "The stride.": "Bước ấy."}
    book.write("index.md", "# Home\n\n" + "\n\n".join(paragraphs))
    book.write("locales/vi/LC_MESSAGES/index.po", catalog(**paragraphs))
    assert not html(book, "index", "vi").select(".term")


# --- downloads ---


def test_what_runs_is_offered_first_and_says_what_the_other_needs(site):
    for language in BOOK.languages:
        page = (site / language.folder / "chapters/gaussian.html").read_text("utf-8")
        for tab in BeautifulSoup(page, "html.parser").select(".launch .sd-tab-content"):
            first, second, *_, link = tab.select("a")
            assert first["href"].endswith(".zip") and second["href"].endswith(".ipynb")
            assert "d2l_shim" in tab.text
            assert re.fullmatch(r"gaussian\.html\?backend=\w+", link["href"])


@pytest.mark.parametrize("language", BOOK.languages, ids=lambda one: one.folder)
def test_a_learner_who_unpacks_the_zip_has_the_library(site, language, tmp_path):
    """The setup cell alone, which is all that looks for it, without what is installed."""
    downloads = site / language.folder / "_downloads" / "chapters"
    for folder, found in ((tmp_path / "unpacked", True), (tmp_path / "alone", False)):
        folder.mkdir()
        if found:
            shutil.unpack_archive(downloads / "gaussian.pytorch.zip", folder)
        else:
            shutil.copy(downloads / "gaussian.pytorch.ipynb", folder)
        notebook = nbformat.read(folder / "gaussian.pytorch.ipynb", as_version=4)
        code = notebook.cells[0].source + "\nprint(importlib.util.find_spec('d2l_shim').origin)"
        run = subprocess.run(
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", code],
            cwd=folder, capture_output=True, text=True, encoding="utf-8",
        )  # fmt: skip
        if found:
            assert run.stdout.strip() == str(folder / "d2l_shim" / "__init__.py"), run.stderr
        else:
            said = messages(BOOK, language, CATALOG).get(split.LOST, split.LOST)
            assert said.format(shim="d2l_shim") in run.stderr


# --- in a browser: tips, and the framework in the address ---

TIPS = """
<article><p>See <a role="doc-noteref" href="#note">[1]</a>, and
<span class="term" title="English: stride" data-tip="en">bước</span>.</p>
<aside class="footnote" id="note"><span class="label">[1]</span>
<p>A <em>book</em>. <a href="https://a.b">a.b</a> <span class="backrefs">↩</span></p></aside>
</article>
"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    programs = ("chromium", "chromium-browser", "google-chrome", "chrome")
    program = next(filter(None, map(shutil.which, programs)), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tips(browser):
    """A page with a citation and a term, and tips.js."""
    page = browser.new_page()
    page.set_content(TIPS)
    page.add_style_tag(path=ROOT / "_ext/static/tips.css")
    page.add_script_tag(path=ROOT / "_ext/static/tips.js")
    yield page
    page.close()


def test_tips_show_on_hover_stay_under_the_pointer_and_escape_hides_them(tips):
    tip = tips.get_by_role("tooltip")
    tips.get_by_role("link", name="[1]").hover()
    assert tip.inner_text().strip() == "A book. a.b"
    assert tip.locator("a").count() == 0
    tip.hover()
    tips.wait_for_timeout(500)
    assert tip.is_visible()
    tips.keyboard.press("Escape")
    assert tip.is_hidden()
    tips.locator(".term").hover()
    assert tip.inner_text() == "English: stride"
    assert tip.get_attribute("lang") == "en"
    tips.mouse.move(400, 400)
    tip.wait_for(state="hidden")


def test_tips_show_on_focus(tips):
    tip = tips.get_by_role("tooltip")
    for said in ("A book. a.b", "English: stride"):
        tips.keyboard.press("Tab")
        assert tip.inner_text().strip() == said
        assert tips.evaluate("document.activeElement.getAttribute('aria-describedby')") == "tip"
    tips.keyboard.press("Tab")
    assert tip.is_hidden()


@pytest.mark.parametrize(
    ("address", "kept", "left"),
    [("?backend=MXNet&x=1", "mxnet", "?backend=mxnet&x=1"), ("?backend=no", "pytorch", ""),
     ("?x=1", "pytorch", "?x=1")],
)  # fmt: skip
def test_an_address_chooses_the_framework_on_any_page(browser, site, address, kept, left):
    context = browser.new_context()
    page = context.new_page()
    page.route("http://book.test/**", lambda route: serve(route, site))
    page.goto("http://book.test/en/chapters/gaussian.html")
    page.locator(".launch label", has_text="PyTorch").click()  # chosen before
    page.goto(f"http://book.test/en/index.html{address}")
    assert page.evaluate("location.search") == left
    page.goto("http://book.test/vi/chapters/gaussian.html")
    checked = page.locator(".sd-tab-set > input:checked + label").first
    assert checked.get_attribute("data-sync-id") == kept
    context.close()


def serve(route, site):
    path = site / route.request.url.removeprefix("http://book.test/").partition("?")[0]
    route.fulfill(path=path) if path.is_file() else route.fulfill(status=404)
