"""Tables that follow from data: the glossary, and how far the translations are."""

from __future__ import annotations

from collections.abc import Iterable

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from .book import Book
from .catalogs import catalog_path, open_catalog
from .glossary import terms
from .words import say, to_say

Cell = str | nodes.Node


def setup(app: Sphinx) -> None:
    app.add_directive("glossary-table", GlossaryTable)
    app.add_directive("translation-table", TranslationTable)


class GlossaryTable(SphinxDirective):
    """`locales/glossary.csv` as a table, a column per language, empty where it has no terms yet."""

    def run(self) -> list[nodes.Node]:
        book: Book = self.env.app.book
        path = book.root / "locales" / "glossary.csv"
        self.env.note_dependency(str(path))
        rows = sorted(terms(book), key=lambda row: row["en"].lower())
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
        for page in book.pages():
            row: list[Cell] = [link(page)]
            for language in languages:
                path = catalog_path(book, language, page)
                self.env.note_dependency(str(path))
                catalog = open_catalog(path)
                done, stale = len(catalog.translated_entries()), len(catalog.fuzzy_entries())
                all_ = len(catalog) - len(catalog.obsolete_entries())
                row.append(f"{done} / {all_}" + (f", {stale} ↻" if stale else ""))
            rows.append(row)
        head = [say(self.env.app, to_say("Page")), *(language.name for language in languages)]
        return [table(head, rows)]


def link(page: str) -> nodes.Node:
    """A link to a page, which Sphinx gives the page's title."""
    return addnodes.pending_xref(
        "", nodes.inline("", page, classes=["xref", "doc"]), refdomain="std", reftype="doc",
        reftarget=f"/{page}", refexplicit=False, refwarn=True,
    )  # fmt: skip


def table(head: list[Cell], rows: Iterable[list[Cell]]) -> nodes.table:
    """A table whose words are data: no catalog holds them."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _column in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["data"])


def _row(cells: list[Cell]) -> nodes.row:
    contents = (nodes.Text(cell) if isinstance(cell, str) else cell for cell in cells)
    return nodes.row(
        "",
        *(nodes.entry("", nodes.paragraph("", "", one, translatable=False)) for one in contents),
    )
