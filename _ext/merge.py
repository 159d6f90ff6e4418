"""Merge: a chapter's source and its executed notebooks become one page, prose once.

Sphinx announces each source it reads; for a chapter, what the parser then gets is not the source
but the merged notebook. Nothing is executed here.
"""

from __future__ import annotations

import json

import nbformat
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbformat import NotebookNode
from sphinx.application import Sphinx

from . import split
from .book import Backend, Book, BookError, load


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", load_book)
    app.connect("source-read", merge_source)


def load_book(app: Sphinx) -> None:
    """Read the settings once per build, and stop it if a listed chapter is not there."""
    app.book = load(app.srcdir)
    app.book.chapters()


def merge_source(app: Sphinx, docname: str, content: list[str]) -> None:
    """Replace a chapter's source by its merged notebook (as JSON), for `read` to pick up."""
    if not is_myst_markdown_notebook(content[0]):
        return
    book: Book = app.book
    source = split.read(content[0], docname, book)
    notebooks = {}
    for backend in book.backends:
        app.env.note_dependency(str(book.notebook(docname, backend)))
        notebooks[backend] = executed(source, docname, backend, book)
    content[0] = nbformat.writes(merge(source, notebooks))


def read(text: str) -> NotebookNode:
    """Reader for `.md` pages: a merged chapter as it is, a page of prose as one cell."""
    if text.startswith("{"):
        return nbformat.reads(text, as_version=4)
    notebook = read_myst_markdown_notebook(text, add_source_map=True)
    notebook.metadata.setdefault("kernelspec", {"name": "python3", "display_name": "Python 3"})
    return notebook


def executed(source: NotebookNode, chapter: str, backend: Backend, book: Book) -> NotebookNode:
    """The committed notebook of a chapter, proven to be what its source says today.

    Raises BookError if it is missing, unreadable, without outputs, holds an error, or if a code
    cell differs from the source's.
    """
    path = book.notebook(chapter, backend)
    where = path.relative_to(book.root).as_posix()
    mend = f"run `make notebooks` ({backend.label} executes {chapter}.md anew)"
    try:
        notebook = nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise BookError(f"{where} is missing: {mend}") from None
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise BookError(f"{where} is not a notebook ({error}): {mend}") from error
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    expected = [split.setup_cell(book, backend), *split.cells_of(source, backend)]
    for number, (cell, want) in enumerate(zip(cells, expected, strict=False), start=1):
        if cell.source != want.source:
            raise BookError(
                f"{where}: code cell {number} is not what {chapter}.md says ({want.id}):\n"
                f"  notebook: {_first_difference(cell.source, want.source)}\n"
                f"  source:   {_first_difference(want.source, cell.source)}\n{mend}"
            )
        if any(output.output_type == "error" for output in cell.outputs):
            raise BookError(f"{where}: code cell {number} ({want.id}) holds an error: {mend}")
        if cell.execution_count is None:
            raise BookError(f"{where}: code cell {number} ({want.id}) was never run: {mend}")
    if len(cells) != len(expected):
        raise BookError(
            f"{where} has {len(cells)} code cells, but {chapter}.md has {len(expected)} for "
            f"{backend.label} (the setup cell counted): {mend}"
        )
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
            merged = NotebookNode(json.loads(json.dumps(cell)))
            if cell.cell_type == "code":
                done = outputs[tag or next(iter(outputs))][cell.id]
                merged = nbformat.from_dict({**cell, "outputs": done.outputs})
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
    metadata = json.loads(json.dumps(metadata))
    for output in outputs:
        size = output.get("metadata", {}).get("image/png", {})
        if "width" in size:
            image = metadata.setdefault("mystnb", {}).setdefault("image", {})
            image.setdefault("width", f"{size['width']}px")
    return metadata


def _first_difference(text: str, other: str) -> str:
    """The first line of `text` that `other` does not have in that place."""
    theirs = other.splitlines()
    for number, line in enumerate(text.splitlines()):
        if number >= len(theirs) or line != theirs[number]:
            return line
    return "(ends here)"
