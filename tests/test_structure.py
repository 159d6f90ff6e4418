"""The structure of pages: anchors, titles, references, the foot, what shows itself on hover."""

import pytest
from books import cell
from bs4 import BeautifulSoup
from the_book import BOOK

from _ext import build as engine

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
