"""Catalogs: the translations in `locales/`, read, checked against their English, compiled.

Translators' text is text. Sphinx parses each translation as a Markdown document of its own, and
would run a directive in it; so a catalog reaches Sphinx only through `compile_catalogs`, which
refuses whatever a translation has and its English has not: HTML, roles, directives, links, …
"""

from __future__ import annotations

import copy
import re
import unicodedata
from pathlib import Path

import polib
from markdown_it import MarkdownIt

from .book import Book, BookError, Language
from .differences import differences, strict_parser
from .words import WORDS

HEADER = {"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"}
# no \0: gettext ends a message there
LINE = re.compile(r'\s*|#(?!~).*|#~\|.*|(?:#~\s*)?(?:msg(?:id|str)\s*)?"(?:[^"\\\0]|\\[^\0])*"\s*')
MSGID = re.compile(r"(?:#~\s*)?msgid\b")


class Catalog(polib.POFile):
    """A catalog of gettext messages, which loses nothing on its way from file to file.

    polib and not Babel: Babel drops headers that it does not know, dates the file anew, and lets
    the last of two equal msgids win. `fpath` says where it lies: "locales/vi/LC_MESSAGES/x.po".
    """

    def ordered_metadata(self) -> list[tuple[str, str]]:
        return list(self.metadata.items())  # polib sorts them

    def __unicode__(self) -> str:
        """The file's text; comments are not wrapped, as polib does, even within links."""
        entries = [e for e in self if not e.obsolete] + self.obsolete_entries()
        blocks = [_comment(self.header) + self.metadata_as_entry().__unicode__(self.wrapwidth)]
        for entry in entries:
            bare = copy.copy(entry)
            bare.tcomment = ""
            comment = _comment(entry.tcomment) if entry.tcomment else ""
            blocks.append(comment + bare.__unicode__(self.wrapwidth))
        return "\n".join(blocks) + "\n"


class _Text(str):
    """Text with lines as gettext sees them; for polib's `splitlines`, U+2028 ends one as well."""

    def splitlines(self, keepends: bool = False) -> list[str]:
        return self.split("\n")


def _comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.split("\n"))


def catalog_path(book: Book, language: Language, domain: str) -> Path:
    """Where the catalog of a page ("chapters/gaussian") in a language lies."""
    return _folder(book.root / "locales", language) / f"{domain}.po"


def catalog_paths(book: Book, language: Language) -> dict[str, Path]:
    """The catalogs that a language has: {domain: path}."""
    folder = _folder(book.root / "locales", language)
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*.po"))
    }


def _folder(locales: Path, language: Language) -> Path:
    return locales / language.code / "LC_MESSAGES"


def open_catalog(path: Path) -> Catalog:
    """Read a catalog, or begin a new one; BookError with file and line if it is malformed."""
    where = path.as_posix()
    where = where[where.rfind("/locales/") + 1 :]
    if not path.is_file():
        return Catalog(fpath=where, wrapwidth=100)
    try:
        # some editors put a byte-order mark before UTF-8; the next refresh takes it away
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BookError(f"{where} is no gettext catalog in UTF-8: {error}") from error
    lines, starts, header = text.split("\n"), [], 0
    for number, line in enumerate(lines, start=1):
        if not LINE.fullmatch(line):  # polib forgives, or forgets, what it does not understand
            raise BookError(
                f"{where}:{number}: expected a comment, or msgid, msgstr or nothing and a text in "
                f'"…", got {line!r} (the book has no messages with msgctxt or plural forms)'
            )
        if MSGID.match(line):
            starts.append(number)
        elif line.startswith("msgstr") and re.fullmatch(r'msgid\s*""\s*', lines[number - 2]):
            if header:
                raise BookError(f"{where}:{starts[-1]}: a second header; the first: line {header}")
            header = starts.pop()
    if not header:
        text = f'msgid ""\nmsgstr ""\n\n{text}'  # or polib takes the first comment for the header's
    # what msgfmt understands and polib does not: #comment, #,fuzzy and #~| msgid "…"
    text = re.sub(r"^#~\|", "#|", text, flags=re.MULTILINE)
    text = re.sub(r"^(#[~,.:|]?)(?=[^\s~,.:|#])", r"\1 ", text, flags=re.MULTILINE)
    # and what polib forgets: a comment below the header's flags
    text = re.sub(r"\A((?:#.*\n)*?)(#,.*\n)((?:# .*\n)+)", r"\1\3\2", text)
    try:
        catalog = polib.pofile(_Text(text), encoding="utf-8", klass=Catalog, wrapwidth=100)
    except OSError as error:  # its message ends with "(line 7)"
        number = int(re.findall(r"\d+", str(error))[-1]) - (0 if header else 3)
        raise BookError(f"{where}:{number}: expected a msgid and its msgstr in turn") from error
    if starts and (last := re.search(r"(?:^#(?![~,.:|]).*\n?)+\s*\Z", text, re.MULTILINE)):
        catalog.header += "\n" + last[0].strip()[2:].replace("\n# ", "\n")  # polib forgets it
    catalog.fpath = where
    for entry, number in zip(catalog, starts, strict=False):
        entry.linenum = number
    _check_file(catalog)
    return catalog


def _check_file(catalog: Catalog) -> None:
    """Refuse doubled messages, as msgfmt does, and a header that misstates the encoding."""
    first = {}
    for entry in catalog:
        if not entry.obsolete and first.setdefault(entry.msgid, entry) is not entry:
            raise BookError(
                f"{catalog.fpath}:{entry.linenum}: {entry.msgid[:60]!r} is doubled; it is also in "
                f"line {first[entry.msgid].linenum}: keep one of them"
            )
    kind = catalog.metadata.get("Content-Type", "utf-8")
    if not re.search(r"\butf-?8\s*$", kind, re.IGNORECASE):
        raise BookError(
            f"{catalog.fpath}: the header says Content-Type: {kind}, expected charset=utf-8: save "
            "the catalog as UTF-8"
        )


def messages(book: Book, language: Language, domain: str) -> dict[str, str]:
    """What is translated of a page, or of the engine's own words: {English: translation}."""
    catalog = open_catalog(catalog_path(book, language, domain))
    return {entry.msgid: entry.msgstr for entry in catalog.translated_entries()}


def compile_catalogs(book: Book, language: Language, folder: Path) -> None:
    """Check a language's catalogs, and write `<folder>/<code>/LC_MESSAGES/<domain>.mo` for Sphinx.

    Untranslated and fuzzy messages are left out, so that English stands. Only what changes is
    written; .mo files without a page or catalog are removed. Raises BookError with all that is
    refused, and then writes nothing.
    """
    wrong, compiled = [], {}
    target = _folder(folder, language)
    parser = strict_parser(book)
    for domain, path in catalog_paths(book, language).items():
        if domain not in WORDS and not book.source(domain).is_file():
            continue
        try:
            catalog = open_catalog(path)
        except BookError as error:
            wrong.append(str(error))
            continue
        wrong += refused(catalog, None if domain in WORDS else parser)
        binary = polib.POFile()
        binary.metadata = HEADER  # not the file's: gettext obeys its charset and plural forms
        binary.extend(e for e in catalog.translated_entries() if not is_formula(e.msgid))
        compiled[target / f"{domain}.mo"] = binary.to_binary()
    if wrong:
        raise BookError(
            "\n".join(wrong) + "\nMend these translations, or mark them `#, fuzzy`: English "
            "stands in their place then."
        )
    for path in set(target.rglob("*.mo")) - set(compiled):
        path.unlink()
    for path, content in compiled.items():
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def is_formula(text: str) -> bool:
    """Whether a message is a display formula, which is extracted with line breaks around it."""
    return text.startswith("\n")


def unfinished(catalog: Catalog) -> list[str]:
    """What is left for translators. Obsolete messages are fine: their paragraph may come back."""
    found = []
    for entry in catalog:
        if entry.obsolete:
            continue
        if not entry.msgstr:
            found.append(f"{_at(catalog, entry)} is not translated")
        elif entry.fuzzy:
            found.append(f"{_at(catalog, entry)} is fuzzy: its English has changed")
        elif not unicodedata.is_normalized("NFC", entry.msgstr):
            found.append(f"{_at(catalog, entry)} is not NFC-normalized")
    return found


def refused(catalog: Catalog, parser: MarkdownIt | None) -> list[str]:
    """The translations that must not reach a page; `parser` as `differences` takes it."""
    found = []
    for entry in catalog.translated_entries():
        if wrong := differences(entry.msgid, entry.msgstr, parser):
            found.append(f"{_at(catalog, entry)} {'; '.join(wrong)}")
    return found


def _at(catalog: Catalog, entry: polib.POEntry) -> str:
    return f"{catalog.fpath}:{entry.linenum}: {entry.msgid[:60]!r}"
