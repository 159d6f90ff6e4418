"""Committed: a chapter's committed notebook, proven to follow from its source of today.

Between the two halves of the flow: executing asks whether there is anything to do, rendering
whether there is anything to show.
"""

from __future__ import annotations

import hashlib
import json

import nbformat
from nbformat import NotebookNode

from . import plots
from .book import Backend, Book, BookError
from .split import SETUP_ID


def committed(wanted: NotebookNode, chapter: str, backend: Backend, book: Book) -> NotebookNode:
    """Read a committed notebook, which must have the code of `wanted`; its cells get those ids.

    The setup cell is ours and not the source's: it may say another thing, in any language.

    Raises BookError if it is missing or unreadable, was not made by `make notebooks`, holds an
    error, a cell that never ran or an SVG that pages refuse, if a code cell differs from the
    source's, or if the outputs were changed since.
    """
    path = book.notebook(chapter, backend)
    where = path.relative_to(book.root).as_posix()
    mend = f"run `make notebooks` ({backend.label} executes {chapter}.md anew)"
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except FileNotFoundError:
        raise BookError(f"{where} is missing: {mend}") from None
    except Exception as error:  # on damaged files nbformat stumbles in many ways
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise BookError(f"{where} is not a notebook ({reason}): {mend}") from error
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    made = notebook.metadata.get("book")
    if not isinstance(made, dict) or not all(
        isinstance(made.get(key), kind)
        for key, kind in {"fingerprint": str, "outputs": str, "seconds": (int, float)}.items()
    ):
        raise BookError(f"{where} was not made by `make notebooks`: {mend}")
    expected = [cell for cell in wanted.cells if cell.cell_type == "code"]
    for number, (cell, want) in enumerate(zip(cells, expected, strict=False), start=1):
        if cell.source != want.source and want.id != SETUP_ID:
            raise BookError(
                f"{where}: code cell {number} is not what {chapter}.md says ({want.id}):\n"
                f"  notebook: {_first_difference(cell.source, want.source)}\n"
                f"  source:   {_first_difference(want.source, cell.source)}\n{mend}"
            )
        if any(output.output_type == "error" for output in cell.outputs):
            raise BookError(f"{where}: code cell {number} ({want.id}) holds an error: {mend}")
        if cell.execution_count is None:
            raise BookError(f"{where}: code cell {number} ({want.id}) was never run: {mend}")
        for data in plots.of(cell):
            if problem := plots.refused(data[plots.KIND]):
                raise BookError(
                    f"{where}: code cell {number} ({want.id}) shows an SVG that pages cannot take, "
                    f"because of {problem}: draw it with Matplotlib, or show it as PNG"
                )
        cell.id = want.id
    if len(cells) != len(expected):
        raise BookError(
            f"{where} has {len(cells)} code cells, but {chapter}.md has {len(expected)} for "
            f"{backend.label} (the setup cell counted): {mend}"
        )
    if made["outputs"] != hash_of_outputs(notebook):
        raise BookError(f"{where}: its outputs are not those that its code gave: {mend}")
    return notebook


def hash_of_outputs(notebook: NotebookNode) -> str:
    """Hash of all that a reader sees below a notebook's code cells, the size of pictures included.

    How often a cell was run does not count; nor, in a notebook that was read by nbformat, how
    long strings are split in the file.
    """
    outputs = [
        [{k: v for k, v in output.items() if k != "execution_count"} for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    return hashlib.sha256(json.dumps(outputs, sort_keys=True).encode()).hexdigest()[:16]


def keep_outputs(notebook: NotebookNode, old: NotebookNode) -> None:
    """Give a freshly split notebook the outputs of an earlier run of the same code."""
    done = {cell.id: cell for cell in old.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = done[cell.id].outputs
            cell.execution_count = done[cell.id].execution_count
    notebook.metadata["book"] = old.metadata["book"]


def _first_difference(text: str, other: str) -> str:
    """The first line of `text` that `other` does not have in that place."""
    theirs = other.splitlines()
    for number, line in enumerate(text.splitlines()):
        if number >= len(theirs) or line != theirs[number]:
            return line
    return "(ends here)"
