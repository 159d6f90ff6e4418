"""Merge: a chapter's source and its executed notebooks become one page, prose once.

Sphinx announces each source it reads; for a chapter, what the parser then gets is not the source
but the merged notebook. Nothing is executed here.
"""

from __future__ import annotations

import copy
import re

import nbformat
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbformat import NotebookNode
from sphinx.application import Sphinx

from . import split
from .book import Backend, Book, BookError, front_matter, load
from .executed import executed

MERGED = "%%% a merged notebook follows %%%\n"  # tells `read` what it got; no page starts so


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", load_book)
    app.connect("source-read", merge_source)


def load_book(app: Sphinx) -> None:
    """Read the settings once per build, and stop it if a listed chapter is not there."""
    app.book = load(app.srcdir)
    app.chapters = app.book.chapters()


def merge_source(app: Sphinx, docname: str, content: list[str]) -> None:
    """Replace a chapter's source by its merged notebook (as JSON), for `read` to pick up."""
    book: Book = app.book
    front_matter(content[0], f"{docname}.md")
    if not is_myst_markdown_notebook(content[0]):
        if re.search(r"^`{3,}\{code-cell\}", content[0], re.MULTILINE):
            raise BookError(
                f"{docname}.md has code cells, but does not begin as a notebook: put the header "
                "`---`, `jupytext: …`, `kernelspec: …`, `---` of another chapter at its top"
            )
        return
    source = split.read(content[0], docname, book)
    notebooks = {}
    app.env.note_dependency(str(book.root / "_config.yml"))
    for backend in book.backends:
        app.env.note_dependency(str(book.notebook(docname, backend)))
        notebooks[backend] = executed(source, docname, backend, book)
    content[0] = MERGED + nbformat.writes(merge(source, notebooks))


def read(text: str) -> NotebookNode:
    """Reader for `.md` pages: a merged chapter as it is, a page of prose as one cell."""
    if text.startswith(MERGED):
        return nbformat.reads(text.removeprefix(MERGED), as_version=4)
    notebook = read_myst_markdown_notebook(text, add_source_map=True)
    notebook.metadata.setdefault("kernelspec", {"name": "python3", "display_name": "Python 3"})
    return notebook


def merge(source: NotebookNode, notebooks: dict[Backend, NotebookNode]) -> NotebookNode:
    """One notebook in source order: a backend's cell with its outputs and `metadata.backend`.

    A shared cell stands once, without a backend, if all outputs agree; else once per backend.
    """
    outputs = {
        backend.tag: {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}
        for backend, notebook in notebooks.items()
    }
    cells, lines = [], []
    for cell, line in zip(source.cells, source.metadata["source_map"], strict=True):
        for tag in _shown_for(cell, outputs):
            merged = copy.deepcopy(cell)
            if cell.cell_type == "code":
                done = outputs[tag or next(iter(outputs))][cell.id]
                merged.outputs = done.outputs
                merged.execution_count = done.execution_count
                merged.metadata = NotebookNode(_sized(cell.metadata, done.outputs), backend=tag)
                merged.id = f"{cell.id}-{tag}" if tag else cell.id
            cells.append(merged)
            lines.append(line)
    merged = nbformat.v4.new_notebook(cells=cells, metadata=source.metadata)
    merged.metadata["source_map"] = lines
    merged.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    return merged


def _shown_for(cell: NotebookNode, outputs: dict[str, dict]) -> list[str | None]:
    """The backends a cell is shown for; [None] if it is shown once, for all."""
    if cell.cell_type != "code":
        return [None]
    if cell.metadata["backend"]:
        return [cell.metadata["backend"]]
    seen = [_content(cells[cell.id].outputs) for cells in outputs.values()]
    return [None] if all(one == seen[0] for one in seen) else list(outputs)


def _content(outputs: list[NotebookNode]) -> list[dict]:
    """What a reader sees of outputs: without the running number."""
    return [{k: v for k, v in output.items() if k != "execution_count"} for output in outputs]


def _sized(metadata: NotebookNode, outputs: list[NotebookNode]) -> dict:
    """Cell metadata that shows double-density pictures at the size they were meant to have."""
    metadata = copy.deepcopy(metadata)
    for output in outputs:
        size = output.get("metadata", {}).get("image/png", {})
        if "width" in size:
            image = metadata.setdefault("mystnb", {}).setdefault("image", {})
            image.setdefault("width", f"{size['width']}px")
    return metadata
