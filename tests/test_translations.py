"""The translations of this book: complete, true to their source, in the words of the glossary."""

import csv
import re

import nbformat
import polib
import pytest
from books import ROOT, cell
from bs4 import BeautifulSoup
from test_chapters import BOOK

from _ext import catalogs, localize, translate
from _ext.book import Language
from _ext.differences import strict_parser

VI = Language("vi", "vi", "Tiếng Việt")
EDITIONS = BOOK.languages[1:]


@pytest.fixture(scope="module")
def templates():
    return translate.extract(BOOK)


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.code)
def test_everything_is_translated_and_true_to_its_source(templates, language):
    problems = []
    parser = strict_parser(BOOK)
    for domain, template in templates.items():
        catalog = catalogs.open_catalog(catalogs.catalog_path(BOOK, language, domain))
        problems += catalogs.unfinished(catalog)
        problems += catalogs.refused(catalog, None if domain in catalogs.WORDS else parser)
        known = {entry.msgid for entry in catalog if not entry.obsolete}
        english = {entry.msgid for entry in template}
        problems += [f"{catalog.fpath}: {m[:60]!r} is new" for m in english - known]
        problems += [f"{catalog.fpath}: {m[:60]!r} is gone" for m in known - english]
    assert not problems, "\n".join(["make translations:", *problems])


def test_there_is_no_catalog_without_a_page(templates):
    for language in EDITIONS:
        assert set(catalogs.catalog_paths(BOOK, language)) == set(templates)


def stems(term: str) -> list[str]:
    """The beginnings of a term's words, which survive plural and gender."""
    words = re.sub(r"\(.*?\)", "", term).lower().split()
    return [word[: max(4, len(word) - 3)] for word in words]


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.code)
def test_the_glossarys_terms_are_used(language):
    with (ROOT / "locales/glossary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    terms = [(row["en"], row[language.code]) for row in rows if row.get(language.code)]
    missing = []
    for domain, path in catalogs.catalog_paths(BOOK, language).items():
        if domain in catalogs.WORDS:  # single words, in drawings and on buttons
            continue
        for entry in catalogs.open_catalog(path).translated_entries():
            text = KEPT.sub(" ", entry.msgid)
            for english, term in terms:
                word = re.escape(re.sub(r" ?\(.*?\)", "", english))
                if re.search(rf"\b{word}s?\b", text, re.IGNORECASE):
                    found = entry.msgstr.lower()
                    if not all(stem in found for stem in stems(term)):
                        missing.append(
                            f"{language.code}/{domain}: {entry.msgid[:50]!r}: {english} → {term}"
                        )
    assert not missing, "\n".join(missing)


KEPT = re.compile(r"\$[^$]*\$|\{[a-z:]+\}`[^`]*`|`[^`]*`|\([^)]*\)|Dive into Deep Learning")
ENGLISH = re.compile(r"\b(the|and|with|which|that|from|this|are|is|was|of|it)\b", re.IGNORECASE)


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.folder)
def test_every_page_is_in_its_own_language(site, language):
    for path in sorted((site / "en").rglob("*.html")):
        page = path.relative_to(site / "en").with_suffix("").as_posix()
        catalog = catalogs.catalog_path(BOOK, language, page)
        if catalog.is_file():
            english, ours = (
                BeautifulSoup((site / folder / f"{page}.html").read_text("utf-8"), "html.parser").h1
                for folder in ("en", language.folder)
            )
            entries = catalogs.open_catalog(catalog)
            title = next(e for e in entries if english.text.rstrip("#").endswith(e.msgid))
            assert title.msgstr in ours.text


# what is written alike in all three languages: names, licences, keys, what G and A stand for
NAMES = {
    "AI for Beginners", "Ctrl", "Dive into Deep Learning", "English", "GANs_torch", "GPL-3.0",
    "Dropout", "Generative", "MIT", "MXNet", "Português (Brasil)", "PyTorch", "PyTorch-GAN",
    "UCI Machine Learning Repository", "adversarial", "logit",
}  # fmt: skip


def words(page: BeautifulSoup) -> set[str]:
    """All that a page says or shows in words: texts, titles, labels, alternative texts."""
    for node in page.select("script, style, pre, code, .math, aside.footnote, table.data"):
        node.decompose()
    spoken = ("alt", "title", "aria-label", "placeholder")
    labels = {node[name] for node in page.select("*") for name in spoken if node.get(name)}
    return {page.title.text, *page.body.stripped_strings} | labels


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.folder)
def test_no_english_is_left_on_a_page(site, language):
    left = []
    for path in sorted((site / "en").rglob("*.html")):
        name = path.relative_to(site / "en")
        if {"_static", "pagefind"}.intersection(name.parts):
            continue
        english, ours = (
            words(BeautifulSoup((site / folder / name).read_text("utf-8"), "html.parser"))
            for folder in ("en", language.folder)
        )
        same = {text for text in english & ours if re.search("[A-Za-z]{3}", text)} - NAMES
        mixed = {text for text in ours if len(ENGLISH.findall(text)) > 2}
        left += [f"{name}: {text[:80]}" for text in sorted(same | mixed)]
    assert not left, "\n".join(left)


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.folder)
@pytest.mark.parametrize("backend", BOOK.backends, ids=lambda one: one.tag)
@pytest.mark.parametrize("chapter", BOOK.chapters())
def test_a_notebook_in_the_readers_language_has_the_same_code_and_outputs(
    site, chapter, backend, language
):
    path = site / language.folder / "notebooks" / BOOK.notebook(chapter, backend).name
    notebook = nbformat.read(path, as_version=4)
    english = nbformat.read(BOOK.notebook(chapter, backend), as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) == len(english.cells)
    for ours, theirs in zip(notebook.cells, english.cells, strict=True):
        if ours.cell_type == "code":
            assert ours == theirs
        else:
            prose = re.sub(r"\$\$.*?\$\$|```.*?```|`[^`]*`", "", ours.source, flags=re.DOTALL)
            for paragraph in prose.split("\n\n"):
                assert "URL: [" in paragraph or len(ENGLISH.findall(paragraph)) < 2, paragraph


def test_markdown_is_translated_where_it_stands(small_book):
    small = small_book()
    small.chapter(
        "A *first*\nline.\n\n- An item\n  goes on.\n- {eq}`a` holds.\n\n> A quote.\n\n"
        "| Head | Cell |\n|---|---|\n| one | two |\n\n"
        ":::{note}\nTake\ncare.\n:::\n\n:::{dropdown} Solution\nYes.\n\n- Really.\n:::\n\n"
        "{.caption}\nA caption.\n\n```python\nA first line.\n```\n\n"
        "```{image} x.svg\n:alt: A dot\n```\n" + cell("code")
    )
    messages = {
        "A chapter": "Một chương", "A *first* line.": "Dòng *đầu*.", "An item goes on.": "Một mục.",
        "{eq}`a` holds.": "Có {eq}`a`.", "A quote.": "Trích.", "Head": "Đầu", "Cell": "Ô",
        "one": "một", "two": "hai", "Take care.": "Cẩn thận.", "Solution": "Lời giải",
        "Yes.": "Có.",
        "Really.": "Thật.", "A caption.": "Chú thích.", "A dot": 'Điểm "x": một',
    }  # fmt: skip
    path = catalogs.catalog_path(small.book, VI, "x")
    path.parent.mkdir(parents=True)
    catalog = polib.POFile()
    catalog.extend(polib.POEntry(msgid=a, msgstr=b) for a, b in messages.items())
    catalog.save(str(path))
    source = small.source()
    prose, code = localize.localize(source, "x", VI, small.book).cells
    assert prose.source == (
        "# Một chương\n\nDòng *đầu*.\n\n- Một mục.\n- Có {eq}`a`.\n\n> Trích.\n\n"
        "| Đầu | Ô |\n|---|---|\n| một | hai |\n\n"
        ":::{note}\nCẩn thận.\n:::\n\n:::{dropdown} Lời giải\nCó.\n\n- Thật.\n:::\n\n"
        "{.caption}\nChú thích.\n\n```python\nA first line.\n```\n\n"
        '```{image} x.svg\n:alt: "Điểm \\"x\\": một"\n\n```'  # quoted, because of the colon
    )
    assert code is source.cells[1]


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.code)
@pytest.mark.parametrize("drawing", translate.drawings(BOOK), ids=lambda path: path.name)
def test_drawings_speak_the_language_of_today(drawing, language):
    path = drawing.with_suffix(f".{language.code}.svg")
    assert path.read_text("utf-8") == translate.draw(drawing, language, BOOK), "run `make pictures`"
    assert not ENGLISH.search(" ".join(translate.DRAWN.findall(path.read_text("utf-8"))))
