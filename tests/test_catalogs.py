"""Catalogs: nothing hostile is compiled, and nothing that a translator wrote is lost."""

import gettext
import os
import types

import polib
import pytest
from docutils import nodes

from _ext import catalogs, drawings, tables, translate
from _ext.book import BookError, Language

VI = Language("vi", "vi", "Tiếng Việt")


def template(*messages: str) -> polib.POFile:
    catalog = polib.POFile()
    catalog.extend(polib.POEntry(msgid=message) for message in messages)
    return catalog


def po(*pairs: str, flags: str = "") -> str:
    """The text of a catalog: English, translation, English, translation, …"""
    entries = zip(pairs[::2], pairs[1::2], strict=True)
    return "\n".join(f'{flags}msgid "{english}"\nmsgstr "{ours}"\n' for english, ours in entries)


@pytest.fixture
def shelf(small_book):
    """A small book whose languages are English and Vietnamese, and how to write its catalogs."""
    small = small_book()
    small.chapter("Prose.\n")
    config = small.root / "_config.yml"
    languages = "[{code: en, folder: en, name: English}, {code: vi, folder: vi, name: Việt}]"
    config.write_text(f"{config.read_text()}    languages: {languages}\n", encoding="utf-8")

    def put(text: str | bytes, domain: str = "x"):
        path = catalogs.catalog_path(small.book, VI, domain)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    small.put = put
    return small


def refresh(path, *messages: str, known=None) -> str:
    old = catalogs.open_catalog(path)
    return str(translate.update(template(*messages), old, VI, known or {}))


def compiled(small, folder, domain="x"):
    catalogs.compile_catalogs(small.book, VI, folder)
    with (folder / "vi" / "LC_MESSAGES" / f"{domain}.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def test_only_finished_translations_are_compiled_and_nothing_in_the_source(shelf, tmp_path):
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: bad\\n"\n\n'
    fuzzy = po("Two", "Hai", flags="#, fuzzy\n")
    shelf.put(header + "\n".join([po("One", "Một", "\\nx\\n", "y", "New", ""), fuzzy]))
    shelf.put(po("Copy", "Chép"), "book")
    shelf.put(po("Home", "<b>"), "gone")  # no such page
    out = tmp_path / "out"
    before = sorted(shelf.root.rglob("*"))
    said = compiled(shelf, out).gettext
    assert [said(m) for m in ("One", "Two", "New", "\nx\n")] == ["Một", "Two", "New", "\nx\n"]
    assert compiled(shelf, out, "book").gettext("Copy") == "Chép"
    assert [p for p in sorted(shelf.root.rglob("*")) if out not in (p, *p.parents)] == before
    assert {path.name for path in out.rglob("*.mo")} == {"x.mo", "book.mo"}


def test_only_what_changes_is_written_and_what_is_gone_is_removed(shelf, tmp_path):
    path = shelf.put(po("One", "Một"))
    shelf.put(po("Copy", "Chép"), "book")
    compiled(shelf, tmp_path / "out")
    files = {file.stem: file for file in (tmp_path / "out").rglob("*.mo")}
    os.utime(files["book"], (1, 1))
    os.utime(files["x"], (1, 1))
    shelf.put(po("One", "Mốt"))
    assert compiled(shelf, tmp_path / "out").gettext("One") == "Mốt"
    assert files["book"].stat().st_mtime == 1 != files["x"].stat().st_mtime
    path.unlink()
    catalogs.compile_catalogs(shelf.book, VI, tmp_path / "out")
    assert not files["x"].exists() and files["book"].exists()


def test_all_that_is_refused_is_named_with_language_file_and_line(shelf, tmp_path):
    shelf.put("# a note\n" + po("One", "Một", "Two", "<script>"))
    shelf.put(po("Copy", "<b>"), "book")
    shelf.put("msgid one\n", "index")
    with pytest.raises(BookError) as refusal:
        catalogs.compile_catalogs(shelf.book, VI, tmp_path / "out")
    for line in (
        "locales/vi/LC_MESSAGES/x.po:5: 'Two' lacks 'paragraph', which its source has; has 'html",
        "locales/vi/LC_MESSAGES/book.po:1: 'Copy' has '<b>', which its source has not",
        "locales/vi/LC_MESSAGES/index.po:1: expected a comment, or msgid",
    ):
        assert line in str(refusal.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('msgid "a"\nmsgstr b\n', r"^locales/vi/LC_MESSAGES/x\.po:2: expected"),
        ('msgid "a"\nmsgstr "é"\n'.encode("latin-1"), r"x\.po is no gettext catalog in UTF-8"),
        ('msgid "a"\nmsgid "b"\n', r"x\.po:2: expected a msgid and its msgstr"),
        (po("a", "b", "c", "d", "a", "e"), r"x\.po:7: 'a' is doubled; it is also in line 1"),
        (po("", "A: b\\n", "c", "d", "", "A: c\\n"), r"x\.po:7: a second header; .* line 1"),
        (po("", "Content-Type: text/plain; charset=UTF-7\\n"), "expected charset=utf-8"),
        ('msgctxt "a"\nmsgid "a"\nmsgstr "b"\n', r"x\.po:1: .*msgctxt"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "b"\n', r"x\.po:2: .*plural"),
        ('#~ msgctxt "a"\n#~ msgid "a"\n#~ msgstr "b"\n', r"x\.po:1: "),
        (po("a\0b", "c"), r"x\.po:1: "),  # to gettext, "a" and its plural
    ],
)
def test_a_malformed_catalog_is_named_with_its_line(shelf, content, message):
    with pytest.raises(BookError, match=message):
        catalogs.open_catalog(shelf.put(content))


def test_line_ends_marks_and_separators_are_no_part_of_a_message(shelf):
    text = po("One\u2028two", "Một\u2028hai\u0085ba\u2029")
    path = shelf.put(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    (entry,) = catalogs.open_catalog(path)
    assert (entry.msgid, entry.msgstr) == ("One\u2028two", "Một\u2028hai\u0085ba\u2029")
    again = shelf.put(refresh(path, entry.msgid))
    assert b"\xef\xbb\xbf" not in again.read_bytes() and b"\r" not in again.read_bytes()
    assert catalogs.open_catalog(again)[0].msgstr == entry.msgstr


WEBLATE = """\
# Vietnamese translation of this book.
# NAME <a@b.org>, 2024.
#
#, fuzzy
msgid ""
msgstr ""
"X-Generator: Weblate 5.4\\n"
"Project-Id-Version: gan\\n"
"PO-Revision-Date: 2024-01-01 10:00+0000\\n"
"Last-Translator: Nguyễn <n@b.org>\\n"
"Language: vi\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

# A long comment of a translator, with a link: https://example.org/a-long-way-to-go/and-more#of-it
# and a second line
#. from a tool
#: x.md:3
#, no-wrap
msgid "One"
msgstr "Một"

# why
#, fuzzy
#| msgid "Old two"
msgid "Two"
msgstr "Hai"

# was said elsewhere
#, fuzzy
#~| msgid "Older"
#~ msgid "Old"
#~ msgstr "Cũ"

"""


def test_headers_comments_credits_and_obsolete_entries_are_kept(shelf):
    path = shelf.put(WEBLATE)
    assert refresh(path, "One", "Two") == WEBLATE
    (left,) = catalogs.unfinished(catalogs.open_catalog(path))
    assert "x.po:28: 'Two' is fuzzy" in left  # obsolete entries need no work


def test_what_only_other_tools_write_is_kept(shelf):
    text = (
        '#tight\n#, fuzzy\n# late\nmsgid ""\nmsgstr "A: b\\n"\n\n'
        '#,no-wrap\n#why\nmsgid "One"\nmsgstr "Một"\n#~msgid "Old"\n#~msgstr "Cũ"\n# last\n'
    )
    text = refresh(shelf.put(text), "One")
    comments = ("tight", "late", "why", "last")
    for kept in (*(f"# {one}\n" for one in comments), "#, no-wrap\n", '#~ msgid "Old"\n'):
        assert kept in text
    assert refresh(shelf.put(text), "One") == text


def test_a_new_catalog_has_a_header_without_dates(shelf):
    text = refresh(catalogs.catalog_path(shelf.book, VI, "x"), "One")
    assert '"Language: vi\\n"\n"Content-Type: text/plain; charset=utf-8\\n"' in text
    assert 'msgid "One"\nmsgstr ""' in text and "Date" not in text
    assert refresh(shelf.put(text), "One") == text


def test_a_changed_paragraph_is_marked_and_named(shelf):
    path = shelf.put("# why\n" + po("A cat sits on the mat", "Con mèo", "Same", "Như cũ"))
    path = shelf.put(refresh(path, "A cat sits on the red mat", "Same", "Wholly new"))
    catalog = catalogs.open_catalog(path)
    changed, same, new = catalog
    assert (changed.msgstr, changed.fuzzy, changed.tcomment) == ("Con mèo", True, "why")
    assert changed.previous_msgid == "A cat sits on the mat"
    assert (same.msgstr, same.fuzzy, new.msgstr) == ("Như cũ", False, "")
    catalog[1].msgstr = "Nhu\u031b cũ"
    assert [problem.split(": ", 1)[1] for problem in catalogs.unfinished(catalog)] == [
        "'A cat sits on the red mat' is fuzzy: its English has changed",
        "'Same' is not NFC-normalized",
        "'Wholly new' is not translated",
    ]
    path = shelf.put(refresh(path, "A cat sits on the bed mat", "Same"))  # changed once more
    assert catalogs.open_catalog(path)[0].previous_msgid == "A cat sits on the mat"


def test_a_removed_paragraph_comes_back_with_its_translation(shelf):
    text = po("One", "Một", "Two", "Hai")
    without = refresh(shelf.put(text), "Two")
    assert '#~ msgid "One"\n#~ msgstr "Một"' in without
    assert catalogs.unfinished(catalogs.open_catalog(shelf.put(without))) == []
    assert refresh(shelf.put(without), "Two") == without
    back = refresh(shelf.put(without), "One", "Two")
    assert back.endswith(po("One", "Một", "Two", "Hai") + "\n")


def test_an_obsolete_entry_does_not_win_over_a_live_one(shelf):
    path = shelf.put(po("One", "Một") + '\n#~ msgid "One"\n#~ msgstr "Xưa"\n')
    text = refresh(path, "One")
    assert po("One", "Một") in text and '#~ msgstr "Xưa"' in text
    assert refresh(shelf.put(text), "One") == text


@pytest.fixture
def translated(shelf, monkeypatch, capsys):
    """`make translations` for pages of the given messages: its status and what it prints."""
    monkeypatch.chdir(shelf.root)

    def run(**pages: tuple[str, ...]) -> tuple[int, str]:
        templates = {page: template(*messages) for page, messages in pages.items()}
        monkeypatch.setattr(translate, "extract", lambda book: templates)
        return translate.main(), capsys.readouterr().out

    return run


def test_a_paragraph_that_moves_to_another_page_keeps_its_translation(shelf, translated):
    shelf.put("# why\n" + po("One", "Một", "Two", "Hai", "Gone", "Mất"), "x")
    other = shelf.put(po("Three", "Ba"), "index")
    shelf.put('#~ msgid "Four"\n#~ msgstr "Tứ"\n', "a")
    shelf.put(po("Four", "Bốn"), "old")
    status, out = translated(x=("Two",), index=("Three", "One", "Four"), a=())
    assert "# why\n" + po("One", "Một", "Four", "Bốn") in other.read_text("utf-8")
    assert (status, out) == (
        0, "locales/vi/LC_MESSAGES/old.po has no page any more: delete it\nvi: all is translated\n"
    )  # fmt: skip


def test_the_run_ends_with_what_is_left(shelf, translated):
    shelf.put(po("One", "<b>"), "x")
    status, out = translated(x=("One", "Two"), index=("Home",))
    assert status == 1 and out.endswith("\nvi: 2 left in x, 1 left in index\n")
    assert "locales/vi/LC_MESSAGES/x.po:8: 'One' lacks 'paragraph', which its" in out


def test_a_malformed_catalog_stops_the_run_before_anything_is_written(shelf, translated):
    path = shelf.put(po("One", "Một"), "index")
    shelf.put("msgid", "x")
    with pytest.raises(BookError, match=r"x\.po:1: "):
        translated(index=("Two",), x=())
    assert path.read_text("utf-8") == po("One", "Một")


def test_a_language_without_catalogs_gets_them(shelf, translated, tmp_path):
    catalogs.compile_catalogs(shelf.book, VI, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert translated(x=("One",))[1].endswith("vi: 1 left in x\n")
    assert compiled(shelf, tmp_path / "out").gettext("One") == "One"


def test_words_in_drawings_are_text(monkeypatch):
    monkeypatch.setattr(drawings, "said", {"black & white": "đen & trắng < xám"}.get)
    svg = drawings.translate("<svg><text>black &amp; white</text></svg>")
    assert svg == "<svg><text>đen &amp; trắng &lt; xám</text></svg>"


def test_a_glossary_without_a_languages_terms_has_an_empty_column(shelf):
    folder = shelf.root / "locales"
    folder.mkdir()
    (folder / "glossary.csv").write_text("en\nnoise\n")
    note = types.SimpleNamespace(app=shelf, note_dependency=lambda path: None)
    directive = types.SimpleNamespace(env=note)
    (table,) = tables.GlossaryTable.run(directive)
    assert [entry.astext() for entry in table.findall(nodes.entry)][-2:] == ["noise", ""]
