"""Translate: bring the catalogs in `locales/` up to date, and say what is left to do.

    python -m _ext.translate        (this is `make translations`)

English is the source. Sphinx extracts every paragraph, heading and alternative text of a page into
a gettext template; the catalogs keep what is translated. A changed paragraph keeps its old
translation, marked fuzzy, beside the old English: that is what to redo.
"""

from __future__ import annotations

import difflib
import re
import sys
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir

from .book import Book, BookError, Language, load
from .files import write
from .words import CATALOG

# what Sphinx and the theme say on a page, and have no Vietnamese or Portuguese for …
THEME = (
    "Back to top", "Color mode", "Dark", "Index", "Light", "Link to this heading",
    "Link to this image", "Please activate JavaScript to enable the search functionality.",
    "Skip to main content", "System Settings", "Version warning", "next page", "previous page",
    "© Copyright %(copyright)s.",
)  # fmt: skip
# … and the labels that the theme's templates do not even ask to translate
LABELS = (
    "Main", "Page", "Toggle hidden content", "Toggle primary sidebar", "Toggle secondary sidebar"
)  # fmt: skip
HEADER = {"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"}
LINE = re.compile(r'\s*|#.*|(?:msg(?:ctxt|id|str)\s*)?"(?:[^"\\]|\\.)*"\s*')
DRAWN = re.compile(r">([^<>\n]*[a-z]{3}[^<>\n]*)</t(?:ext|span)>")  # words in an SVG
# what a translation must hold exactly as its source does
KEPT = {
    "formulas": re.compile(r"(?<![\\$])\$(?:\\.|[^$\\])+\$"),
    "roles": re.compile(r"\{[a-z:-]+\}`[^`]+`"),
    "code": re.compile(r"(?<!})(`+)(?!`)(?:.+?)(?<!`)\1(?!`)"),
    "link targets": re.compile(r"\]\(([^)]*)\)"),
    "placeholders": re.compile(r"%\([a-z_]+\)s|(?<![\\$_^{a-z])\{[a-z]+\}(?!`)"),
}


def main() -> int:
    """Update all catalogs and print coverage and freshness; 1 if anything is left to do."""
    book = load(Path.cwd())
    templates = extract(book)
    todo = 0
    for language in book.languages[1:]:
        for domain, template in templates.items():
            path = catalog_path(book, language, domain)
            catalog = update(template, open_catalog(path), language)
            path.parent.mkdir(parents=True, exist_ok=True)
            content = str(catalog) + "\n"
            if not path.is_file() or path.read_text(encoding="utf-8") != content:
                write(path, content)
            done, fuzzy = len(catalog.translated_entries()), len(catalog.fuzzy_entries())
            todo += len(catalog) - done
            print(f"{language.code:<6} {domain:<22} {done:>4} of {len(catalog):<4} fuzzy {fuzzy}")
            catalog = open_catalog(path)  # with line numbers now
            for problem in problems(catalog, path.relative_to(book.root).as_posix()):
                print(f"  {problem}")
    return 1 if todo else 0


def catalog_path(book: Book, language: Language, domain: str) -> Path:
    """Where the catalog of a page ("chapters/gaussian") in a language lies."""
    return book.root / "locales" / language.code / "LC_MESSAGES" / f"{domain}.po"


def open_catalog(path: Path) -> polib.POFile:
    """Read a catalog, or begin a new one; BookError with file and line if it is malformed."""
    if not path.is_file():
        return polib.POFile()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BookError(f"{path.name} is no gettext catalog in UTF-8: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not LINE.fullmatch(line):  # polib and Babel forgive what they do not understand
            raise BookError(
                f"{path.name}, line {number}: expected a comment, or msgid, msgstr or nothing and "
                f'a text in "…", got {line!r}'
            )
    return polib.pofile(text)


def messages(book: Book, language: Language, domain: str) -> dict[str, str]:
    """What is translated of a page, or of the engine's own words: {English: translation}."""
    catalog = open_catalog(catalog_path(book, language, domain))
    return {entry.msgid: entry.msgstr for entry in catalog.translated_entries()}


def extract(book: Book) -> dict[str, polib.POFile]:
    """The English messages of every page, and of the engine: {domain: template}."""
    from .build import build

    with tempfile.TemporaryDirectory() as folder:
        build(book.root, Path(folder), "gettext")
        found = {
            path.relative_to(Path(folder, "gettext")).with_suffix("").as_posix(): polib.pofile(
                str(path)
            )
            for path in sorted(Path(folder, "gettext").rglob("*.pot"))
        }
    for template in found.values():
        for entry in list(template):
            if is_formula(entry.msgid):
                template.remove(entry)  # the same in every language
    known = {entry.msgid for entry in found["sphinx"]}
    found["sphinx"].extend(polib.POEntry(msgid=m) for m in THEME if m not in known)
    ours = polib.POFile()
    code = extract_from_dir(book.root / "_ext", keywords={"_": None})
    said = [
        book.title,
        book.author,
        *LABELS,
        *book.captions(),
        *(message for _, _, message, _, _ in code),
    ]
    for drawing in drawings(book):
        said += DRAWN.findall(drawing.read_text(encoding="utf-8"))
    ours.extend(polib.POEntry(msgid=message) for message in dict.fromkeys(said))
    found[CATALOG] = ours
    return found


def drawings(book: Book) -> list[Path]:
    """The English drawings; `x.vi.svg` beside `x.svg` is made by `make pictures`."""
    return sorted(p for p in (book.root / "chapters" / "img").glob("*.svg") if "." not in p.stem)


def draw(drawing: Path, language: Language, book: Book) -> str:
    """A drawing with its words translated, as SVG."""
    said = messages(book, language, CATALOG)
    return DRAWN.sub(
        lambda match: match[0].replace(match[1], said.get(match[1], match[1])),
        drawing.read_text(encoding="utf-8"),
    )


def compile_catalogs(book: Book, language: Language, folder: Path) -> None:
    root = book.root / "locales" / language.code / "LC_MESSAGES"
    for path in root.rglob("*.po"):
        out = folder / language.code / "LC_MESSAGES" / path.relative_to(root).with_suffix(".mo")
        out.parent.mkdir(parents=True, exist_ok=True)
        data = open_catalog(path).to_binary()
        if not out.is_file() or out.read_bytes() != data:
            out.write_bytes(data)


def is_formula(text: str) -> bool:
    """Whether a message is a display formula, which is extracted with line breaks around it."""
    return text.startswith("\n")


def update(template: polib.POFile, old: polib.POFile, language: Language) -> polib.POFile:
    """A catalog with exactly the template's messages, and what `old` has for them."""
    catalog = polib.POFile(wrapwidth=100)
    catalog.metadata = {"Language": language.code, **HEADER}
    kept = {entry.msgid: entry for entry in old if entry.msgstr}
    current = {entry.msgid for entry in template}
    orphans = [msgid for msgid in kept if msgid not in current]
    for message in template:
        entry = polib.POEntry(msgid=message.msgid)
        if message.msgid in kept:
            entry.msgstr = kept[message.msgid].msgstr
            entry.flags = list(kept[message.msgid].flags)
            entry.previous_msgid = kept[message.msgid].previous_msgid
        elif close := difflib.get_close_matches(message.msgid, orphans, n=1, cutoff=0.6):
            entry.msgstr = kept[close[0]].msgstr
            entry.flags = ["fuzzy"]
            entry.previous_msgid = close[0]
        catalog.append(entry)
    return catalog


def problems(catalog: polib.POFile, where: str) -> list[str]:
    """What is wrong with a catalog's entries: untranslated, fuzzy, or unlike their source."""
    found = []
    for entry in catalog:
        at = f"{where}:{entry.linenum or '?'}: {entry.msgid[:60]!r}"
        if entry.obsolete:
            found.append(f"{at} is obsolete: make translations")
        elif not entry.msgstr:
            found.append(f"{at} is not translated")
        elif entry.fuzzy:
            found.append(f"{at} is fuzzy: its English has changed")
        else:
            found += [f"{at} {what}" for what in differences(entry.msgid, entry.msgstr)]
    return found


def differences(source: str, translation: str) -> list[str]:
    """What a translation should have kept of its source and has not."""
    found = []
    for what, pattern in KEPT.items():
        want, has = (Counter(_kept(pattern, text)) for text in (source, translation))
        if want != has:
            missing, extra = sorted((want - has).elements()), sorted((has - want).elements())
            found.append(f"differs in its {what}: {missing} in the source, {extra} here")
    if unicodedata.normalize("NFC", translation) != translation:
        found.append("is not NFC-normalized")
    return found


def _kept(pattern: re.Pattern, text: str) -> list[str]:
    if pattern is KEPT["code"]:  # what is left once roles are gone
        text = KEPT["roles"].sub(" ", text)
    return [match[0] for match in pattern.finditer(text)]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BookError as error:
        sys.exit(f"\n{error}")
