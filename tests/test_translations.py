"""The catalogs: complete, true to their source, and refreshed without churn."""

import csv
import re
import unicodedata

import nbformat
import polib
import pytest
from books import ROOT, cell
from bs4 import BeautifulSoup
from the_book import BOOK

from _ext import localize, translate
from _ext.book import BookError, Language

VI = Language("vi", "vi", "Tiếng Việt")
EDITIONS = BOOK.languages[1:]


def po(**entries: str) -> polib.POFile:
    """A catalog of the given messages; an underscore in a name stands for a space."""
    catalog = polib.POFile()
    for msgid, msgstr in entries.items():
        catalog.append(polib.POEntry(msgid=msgid.replace("_", " "), msgstr=msgstr))
    return catalog


@pytest.fixture(scope="module")
def templates():
    return translate.extract(BOOK)


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.code)
def test_everything_is_translated_and_true_to_its_source(templates, language):
    problems = []
    for domain, template in templates.items():
        path = translate.catalog_path(BOOK, language, domain)
        catalog = translate.open_catalog(path)
        problems += translate.problems(catalog, path.relative_to(ROOT).as_posix())
        known = {entry.msgid for entry in catalog}
        english = {entry.msgid for entry in template}
        problems += [f"{path.name}: {m[:60]!r} is new: make translations" for m in english - known]
        problems += [f"{path.name}: {m[:60]!r} is gone: make translations" for m in known - english]
    assert not problems, "\n".join(problems)


def test_there_is_no_catalog_without_a_page(templates):
    for language in EDITIONS:
        folder = ROOT / "locales" / language.code / "LC_MESSAGES"
        domains = {
            path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.po")
        }
        assert domains == set(templates)


def test_a_changed_paragraph_is_marked_and_named():
    old = po(A_cat_sits_on_the_mat="Con mèo ngồi trên thảm", Gone="Mất", Same="Như cũ")
    template = po(A_cat_sits_on_the_red_mat="", Same="", Wholly_new_and_different="")
    catalog = translate.update(template, old, VI)
    changed, same, new = catalog
    assert (changed.msgstr, changed.fuzzy) == ("Con mèo ngồi trên thảm", True)
    assert changed.previous_msgid == "A cat sits on the mat"
    assert (same.msgstr, same.fuzzy) == ("Như cũ", False)
    assert (new.msgstr, new.fuzzy) == ("", False)
    assert [problem.split(": ", 1)[1] for problem in translate.problems(catalog, "x.po")] == [
        "'A cat sits on the red mat' is fuzzy: its English has changed",
        "'Wholly new and different' is not translated",
    ]


def test_refreshing_twice_changes_nothing():
    template = po(One="", Two="")
    once = translate.update(template, po(One="Một"), VI)
    again = translate.update(template, polib.pofile(str(once)), VI)
    assert str(once) == str(again)
    assert not re.search(r"\d{4}-\d\d-\d\d|^#:", str(once), re.MULTILINE)  # no dates, no lines


@pytest.mark.parametrize(
    ("source", "translation", "what"),
    [
        ("The slope $-1$", "Độ dốc $1$", "formulas"),
        ("See {eq}`eq-a`", "Xem {eq}`eq-b`", "roles"),
        ("See {eq}`eq-a`", "Xem {eq} `eq-a`", "roles"),
        ("Cite {footcite:p}`a,b`", "Trích {footcite:p}`a`", "roles"),
        ("Call `f`", "Gọi f", "code"),
        ("[Here](https://a.org)", "[Đây](https://b.org)", "link targets"),
        ("ran in {seconds} s", "chạy trong {giây} s", "placeholders"),
        ("Network", unicodedata.normalize("NFD", "Mạng"), "NFC"),
        ("half $a", "nửa $a$", "formulas"),
    ],
)
def test_what_a_translation_must_keep(source, translation, what):
    assert any(what in difference for difference in translate.differences(source, translation))


def test_a_faithful_translation_passes():
    source = "Of {eq}`a` and $x_{12}$, *one* is `f` in [it](u.md): {seconds}"
    translation = "Trong [nó](u.md), `f` là *một* trong {eq}`a` và $x_{12}$: {seconds}"
    assert translate.differences(source, translation) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'msgid "a"\nmsgstr b\n', r"x\.po, line 2: "),
        ('msgid "a"\nmsgstr "é"\n'.encode("latin-1"), r"x\.po is no gettext catalog in UTF-8"),
    ],
)
def test_a_malformed_catalog_is_named_with_its_line(tmp_path, content, message):
    (tmp_path / "x.po").write_bytes(content)
    with pytest.raises(BookError, match=message):
        translate.open_catalog(tmp_path / "x.po")


def stems(term: str) -> list[str]:
    """The beginnings of a term's words, which survive plural and gender."""
    words = re.sub(r"\(.*?\)", "", term).lower().split()
    return [word[: max(4, len(word) - 3)] for word in words]


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.code)
def test_the_glossarys_terms_are_used(language):
    with (ROOT / "locales/glossary.csv").open(encoding="utf-8", newline="") as file:
        terms = [(row["en"], row[language.code]) for row in csv.DictReader(file)]
    missing = []
    for path in sorted((ROOT / "locales" / language.code).rglob("*.po")):
        if path.stem == translate.CATALOG:  # single words, in drawings and on buttons
            continue
        for entry in polib.pofile(str(path)):
            text = KEPT.sub(" ", entry.msgid)
            for english, term in terms:
                word = re.escape(re.sub(r" ?\(.*?\)", "", english))
                if re.search(rf"\b{word}s?\b", text, re.IGNORECASE):
                    found = entry.msgstr.lower()
                    if not all(stem in found for stem in stems(term)):
                        missing.append(f"{path.name}: {entry.msgid[:50]!r}: {english} → {term}")
    assert not missing, "\n".join(missing)


KEPT = re.compile(r"\$[^$]*\$|\{[a-z:]+\}`[^`]*`|`[^`]*`|\([^)]*\)|Dive into Deep Learning")
ENGLISH = re.compile(r"\b(the|and|with|which|that|from|this|are|is|was|of|it)\b", re.IGNORECASE)


@pytest.mark.parametrize("language", EDITIONS, ids=lambda one: one.folder)
def test_every_page_is_in_its_own_language(site, language):
    for path in sorted((site / "en").rglob("*.html")):
        page = path.relative_to(site / "en").with_suffix("").as_posix()
        catalog = translate.catalog_path(BOOK, language, page)
        if catalog.is_file():
            english, ours = (
                BeautifulSoup((site / folder / f"{page}.html").read_text("utf-8"), "html.parser").h1
                for folder in ("en", language.folder)
            )
            entries = translate.open_catalog(catalog)
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
    path = translate.catalog_path(small.book, VI, "x")
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
