"""Translate: bring the catalogs in `locales/` up to date, and say what is left to do.

    python -m _ext.translate        (this is `make translations`)

English is the source. Sphinx extracts every paragraph, heading and alternative text of a page into
a gettext template; the catalogs keep what is translated. A changed paragraph keeps its old
translation, marked fuzzy, beside the old English: that is what to redo. A paragraph that is gone
leaves its translation as an obsolete entry (`#~`), from which it revives on any page.
"""

from __future__ import annotations

import copy
import difflib
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir

from . import plots
from .book import Book, BookError, Language, load, read_text
from .build import build
from .catalogs import (
    HEADER,
    Catalog,
    catalog_path,
    catalog_paths,
    is_formula,
    open_catalog,
    refused,
    unfinished,
)
from .differences import strict_parser
from .digest import ENGINE
from .drawings import words_of
from .files import write
from .words import CATALOG, WORDS, labels

# what Sphinx and the theme say on a page, and have no Vietnamese or Portuguese for
THEME = (
    "Back to top", "Color mode", "Dark", "Index", "Light", "Link to this heading",
    "Link to this image", "Skip to main content", "System Settings", "Version warning",
    "next page", "previous page", "© Copyright %(copyright)s.",
)  # fmt: skip


def main() -> int:
    """Update all catalogs, and say what is left to do; 1 if anything is.

    Raises BookError, and writes nothing, if a catalog is malformed.
    """
    book = load(Path.cwd())
    templates = extract(book)
    parser = strict_parser(book)
    present = {
        language: {d: open_catalog(path) for d, path in catalog_paths(book, language).items()}
        for language in book.languages[1:]
    }
    left = Counter()
    for language, catalogs in present.items():
        known = translations(catalogs.values())
        for domain, template in templates.items():
            path = catalog_path(book, language, domain)
            old = catalogs.pop(domain, None) or open_catalog(path)
            content = str(update(template, old, language, known))
            if not path.is_file() or path.read_text(encoding="utf-8") != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                write(path, content)
            catalog = open_catalog(path)  # with line numbers now
            found = unfinished(catalog) + refused(catalog, None if domain in WORDS else parser)
            print("".join(f"{problem}\n" for problem in found), end="")
            left[language.code, domain] = len(found)
        for catalog in catalogs.values():
            print(f"{catalog.fpath} has no page any more: delete it")
    for language in present:
        todo = [
            f"{n} left in {domain}"
            for (code, domain), n in left.items()
            if n and code == language.code
        ]
        print(f"{language.code}: {', '.join(todo) or 'all is translated'}")
    return 1 if left.total() else 0


def extract(book: Book) -> dict[str, polib.POFile]:
    """The English messages of every page, and of the engine: {domain: template}."""
    with tempfile.TemporaryDirectory() as cache:
        build(book.root, Path(cache), "gettext")
        folder = Path(cache, "gettext")
        found = {
            path.relative_to(folder).with_suffix("").as_posix(): polib.pofile(str(path))
            for path in sorted(folder.rglob("*.pot"))
        }
    for template in found.values():
        for entry in list(template):
            if not entry.msgid or is_formula(entry.msgid):
                template.remove(entry)  # the same in every language
    known = {entry.msgid for entry in found["sphinx"]}
    theme = [message for message in (*THEME, *labels()) if message not in known]
    found["sphinx"].extend(polib.POEntry(msgid=message) for message in theme)
    code = extract_from_dir(ENGINE, keywords={"said": None, "to_say": None})
    drawings = [read_text(path) for path in book.files() if path.suffix == ".svg"]
    said = [book.title, book.author, *book.captions(), *plots.words(book)]
    said += [message for drawing in drawings for message in words_of(drawing)]
    said += [label.replace("%s", "{number}") for label in book.figures.values()]
    said += [licence["of"] for licence in book.licences]
    said += [message for _, _, message, _, _ in code]
    found[CATALOG] = polib.POFile()
    found[CATALOG].extend(polib.POEntry(msgid=message) for message in dict.fromkeys(said))
    return found


def translations(catalogs: Iterable[Catalog]) -> dict[str, polib.POEntry]:
    """What catalogs have for a message, wherever it stands: {English: the most finished entry}."""
    entries = [entry for catalog in catalogs for entry in catalog if entry.msgstr]
    entries.sort(key=lambda entry: (bool(entry.obsolete), entry.fuzzy))
    known: dict[str, polib.POEntry] = {}
    for entry in entries:
        known.setdefault(entry.msgid, entry)
    return known


def update(
    template: polib.POFile, old: Catalog, language: Language, known: dict[str, polib.POEntry]
) -> Catalog:
    """`old` with the template's messages, and what else it has translated as obsolete ones.

    A new message takes its translation from an obsolete one or from `known` (see `translations`);
    or, marked fuzzy, from the message that it seems to have been before its English changed.
    """
    live = {entry.msgid: entry for entry in old if not entry.obsolete}
    own = translations([old])
    current = {message.msgid for message in template}
    orphans = [msgid for msgid, entry in own.items() if msgid in live and msgid not in current]
    changed, entries = set(), []
    for msgid in dict.fromkeys(message.msgid for message in template):
        entry = copy.copy(own.get(msgid) or known.get(msgid) or live.get(msgid))
        if entry is None or not entry.msgstr:
            entry = entry or polib.POEntry(msgid=msgid)
            if close := difflib.get_close_matches(msgid, orphans, n=1, cutoff=0.6):
                changed.update(close)
                entry = copy.copy(own[close[0]])
                entry.msgid = msgid
                if not (entry.fuzzy and entry.previous_msgid):  # else it is older still
                    entry.previous_msgid = close[0]
                entry.flags = [*(flag for flag in entry.flags if flag != "fuzzy"), "fuzzy"]
        entry.obsolete = False
        entries.append(entry)
    kept = {(entry.msgid, entry.msgstr) for entry in entries}
    for entry in old:
        if entry.msgstr and entry.msgid not in changed and (entry.msgid, entry.msgstr) not in kept:
            kept.add((entry.msgid, entry.msgstr))
            entries.append(copy.copy(entry))
            entries[-1].obsolete = True
    old[:] = entries
    for name, value in {"Language": language.code, **HEADER}.items():
        old.metadata.setdefault(name, value)
    return old


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BookError as error:
        sys.exit(f"\n{error}")
