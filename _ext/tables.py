"""Tables that follow from data: the glossary, and how far the translations are."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from .book import Book
from .catalogs import catalog_path, open_catalog
from .words import said


def setup(app: Sphinx) -> None:
    app.add_directive("glossary-table", GlossaryTable)
    app.add_directive("translation-table", TranslationTable)


class GlossaryTable(SphinxDirective):
    """`locales/glossary.csv` as a table, a column per language, empty where it has no terms yet."""

    def run(self) -> list[nodes.Node]:
        book: Book = self.env.app.book
        path = book.root / "locales" / "glossary.csv"
        self.env.note_dependency(str(path))
        with path.open(encoding="utf-8", newline="") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: row["en"].lower())
        codes = [language.code for language in book.languages]
        names = [language.name for language in book.languages]
        return [table(names, ([row.get(code) or "" for code in codes] for row in rows))]


class TranslationTable(SphinxDirective):
    """Per page and language: messages translated, and those whose English has changed since."""

    def run(self) -> list[nodes.Node]:
        book: Book = self.env.app.book
        self.env.note_dependency(str(book.root / "_toc.yml"))
        languages = book.languages[1:]
        rows = []
        for page in sorted(self.env.found_docs):
            row = [page]
            for language in languages:
                path = catalog_path(book, language, page)
                self.env.note_dependency(str(path))
                catalog = open_catalog(path)
                done, stale = len(catalog.translated_entries()), len(catalog.fuzzy_entries())
                all_ = len(catalog) - len(catalog.obsolete_entries())
                row.append(f"{done} / {all_}" + (f", {stale} ↻" if stale else ""))
            rows.append(row)
        return [table([said("Page"), *(language.name for language in languages)], rows)]


def table(head: list[str], rows: Iterable[list[str]]) -> nodes.table:
    """A table whose words are data: no catalog holds them."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _column in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["data"])


def _row(texts: list[str]) -> nodes.row:
    return nodes.row(
        "",
        *(nodes.entry("", nodes.paragraph("", text, translatable=False)) for text in texts),
    )
