"""The translations of this book: complete, true to their source, in the words of the glossary."""

import csv
import re

import nbformat
import pytest
from books import ROOT
from bs4 import BeautifulSoup
from the_book import BOOK

from _ext import catalogs, drawings, translate
from _ext.differences import strict_parser

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
BY = re.findall(r"author\s*=\s*\{(.*)\},", (ROOT / "references.bib").read_text("utf-8"))
AUTHORS = [name.partition(",")[0] for names in BY for name in names.split(" and ")]
NAMES = {
    "A guide to convolution arithmetic", "AI for Beginners", "Ctrl", "Deep Learning Book",
    "Dive into Deep Learning", "English",
    "GANs_torch", "GPL-3.0", "Giới thiệu về GAN", "Dropout", "Generative", "MIT", "MXNet",
    "Português (Brasil)", "PyTorch", "PyTorch-GAN", "UCI Machine Learning Repository",
    "adversarial", "autoencoder", "epoch", "logit", "real", *AUTHORS,
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
        if "_static" in name.parts:
            continue
        english, ours = (
            words(BeautifulSoup((site / folder / name).read_text("utf-8"), "html.parser"))
            for folder in ("en", language.folder)
        )
        same = {text for text in english & ours if re.search("[A-Za-z]{3}", text)} - NAMES
        mixed = {text for text in ours if len(ENGLISH.findall(text)) > 2}
        left += [f"{name}: {text[:80]}" for text in sorted(same | mixed)]
    assert not left, "\n".join(left)


def numbers(output) -> dict:
    """An output without the words of a plot, which are translated, and the PNG that shows them."""
    data = dict(output.get("data", {}))
    if "image/svg+xml" in data:
        data.pop("image/png", None)
        words = r">[^<>\n]*[^\W\d_]{2}[^<>\n]*</text>"
        svg = re.sub(words, "></text>", data["image/svg+xml"])
        data["image/svg+xml"] = re.sub(r"(?<=\d),(?=\d+</text>)", ".", svg)
    return {**output, "data": data}


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.folder)
@pytest.mark.parametrize("backend", BOOK.backends, ids=lambda one: one.tag)
@pytest.mark.parametrize("chapter", BOOK.chapters())
def test_a_notebook_in_the_readers_language_has_the_same_code_and_outputs(
    site, chapter, backend, language
):
    path = site / language.folder / "_downloads" / f"{chapter}.{backend.tag}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    english = nbformat.read(BOOK.notebook(chapter, backend), as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) == len(english.cells)
    for ours, theirs in zip(notebook.cells, english.cells, strict=True):
        if ours.cell_type == "code":
            assert [*map(numbers, ours.outputs)] == [*map(numbers, theirs.outputs)]
            # the first cell says in the reader's language where the library is, if it finds none
            codes = [one.source.partition("raise ModuleNotFoundError")[0] for one in (ours, theirs)]
            assert codes[0] == codes[1] and (ours.id == "setup" or ours.source == theirs.source)
            assert {**ours, "outputs": [], "source": ""} == {**theirs, "outputs": [], "source": ""}
        else:
            prose = re.sub(r"\$\$.*?\$\$|```.*?```|`[^`]*`", "", ours.source, flags=re.DOTALL)
            for paragraph in prose.split("\n\n"):
                assert paragraph.startswith("\\[") or len(ENGLISH.findall(paragraph)) < 2, paragraph


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.code)
def test_drawings_speak_the_editions_language(site, language):
    drawn = sorted((site / language.folder / "_images").glob("*.svg"))
    figures = {path.name for path in (ROOT / "chapters/img").glob("*.svg")}
    assert {path.name for path in drawn} == figures - {"logo.svg", "favicon.svg"}
    for path in drawn:
        assert not ENGLISH.search(" ".join(drawings.TEXT.findall(path.read_text("utf-8"))))
