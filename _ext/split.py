"""Split: a chapter's source becomes one notebook per backend.

A chapter is a MyST text notebook. A code cell tagged with a backend belongs to that backend, an
untagged one to all of them. The prose belongs to everybody, and is written later (notebooks.py).
"""

from __future__ import annotations

import difflib
import json
import re
import textwrap

import nbformat
from myst_nb.core.read import MystMetadataParsingError, read_myst_markdown_notebook
from nbformat import NotebookNode

from . import compare
from .book import JUPYTER_TAGS, SAVE, Backend, Book, BookError
from .words import said, to_say

SETUP_ID = "setup"
CODE_CELL = re.compile(r"^`{3,}\{code-cell\}", re.MULTILINE)
SETUP = """\
# Find {shim}, this book's small library: installed, or in a folder around this one{or_online}.
import importlib.util, sys
from pathlib import Path

if importlib.util.find_spec("{shim}") is None:
    here = Path.cwd()
    sys.path[:0] = [str(f) for f in (here, *here.parents) if (f / "{shim}").is_dir()][:1]
{fetch}if importlib.util.find_spec("{shim}") is None:
    raise ModuleNotFoundError(
{lost}
    )"""

FETCH = """\
if importlib.util.find_spec("{shim}") is None:
    %pip install -q "{package} @ git+{repository}@{branch}"
    if importlib.util.find_spec("{module}") is None and "google.colab" in sys.modules:
        %pip install -q {colab}
"""

LOST = to_say(
    "{shim} is not here. It is in the zip that the book offers next to this notebook: unpack the "
    "zip, and open the notebook that is in it."
)


def read(text: str, chapter: str, book: Book) -> NotebookNode:
    """Parse a chapter's source and check its tags.

    Every cell gets an id from its position; a code cell's `metadata.backend` is the tag of the
    backend it belongs to, or None.

    Raises BookError for a tag nobody knows, a cell with the tags of two backends, an empty cell,
    a tolerance that `compare.check_tolerance` refuses.
    """
    try:
        notebook = read_myst_markdown_notebook(text, book.markdown, add_source_map=True)
    except (MystMetadataParsingError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise BookError(
            f"{chapter}.md: {reason}; a cell's tags are written `:tags: [hide-input]`"
        ) from error
    owners = [backend.tag for backend in book.backends]
    known = {*owners, SAVE, *JUPYTER_TAGS}
    lines = notebook.metadata["source_map"]
    for number, (cell, line) in enumerate(zip(notebook.cells, lines, strict=True), start=1):
        cell.id = f"cell-{number}"
        if cell.cell_type != "code":
            continue
        where = f"{chapter}.md, line {line}, cell {number}"
        if not cell.source.strip():
            raise BookError(f"{where}: the code cell is empty; write some code, or take it out")
        tags = cell.metadata["tags"] = cell.metadata.get("tags") or []
        for tag in tags:
            if tag not in known:
                guess = difflib.get_close_matches(tag, known, n=1)
                hint = f"did you mean {guess[0]!r}? " if guess else ""
                raise BookError(
                    f"{where}: unknown tag {tag!r}; {hint}Known are {', '.join(sorted(known))}; "
                    "a cell without a backend's tag runs in every backend"
                )
        mine = [tag for tag in tags if tag in owners]
        if len(mine) > 1:
            raise BookError(
                f"{where}: has the tags of {len(mine)} backends ({', '.join(mine)}); give each "
                "backend its own cell, or no backend's tag to the one cell all of them share"
            )
        if "tolerance" in cell.metadata:
            compare.check_tolerance(cell.metadata["tolerance"], where)
        cell.metadata["backend"] = mine[0] if mine else None
    return notebook


def cells_of(source: NotebookNode, backend: Backend) -> list[NotebookNode]:
    """The code cells of `source` that `backend` runs, in order."""
    return [
        cell
        for cell in source.cells
        if cell.cell_type == "code" and cell.metadata["backend"] in (None, backend.tag)
    ]


def setup_cell(book: Book, backend: Backend) -> NotebookNode:
    """The first cell of every notebook: makes the shim importable wherever it is opened.

    It is the same but for what it says, in the edition's language, where it finds none.
    """
    shim = book.shim.name
    fetch = FETCH.format(
        shim=shim, package=shim.replace("_", "-"), repository=book.repository, branch=book.branch,
        module=backend.module, colab=backend.colab,
    )  # fmt: skip
    lost = textwrap.wrap(said(LOST).replace("{shim}", shim), 80, drop_whitespace=False)
    code = SETUP.format(
        shim=shim,
        or_online=", or online" if book.repository else "",
        fetch=fetch if book.repository else "",
        lost="\n".join(f"        {json.dumps(line, ensure_ascii=False)}" for line in lost),
    )
    return nbformat.v4.new_code_cell(code, id=SETUP_ID, metadata={"tags": ["remove-cell"]})


def notebook(cells: list[NotebookNode], backend: Backend, book: Book) -> NotebookNode:
    """A notebook of one backend, not yet executed: the setup cell, then `cells`."""
    made = nbformat.v4.new_notebook(cells=[setup_cell(book, backend), *map(own, cells)])
    made.nbformat_minor = 5
    made.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    return made


def own(cell: NotebookNode) -> NotebookNode:
    """A cell of the source as its notebooks have it."""
    if cell.cell_type != "code":
        return cell
    kept = {key: cell.metadata[key] for key in ("tags", "tolerance") if cell.metadata.get(key)}
    return NotebookNode(id=cell.id, cell_type="code", source=cell.source, outputs=[],
                        execution_count=None, metadata=NotebookNode(kept))  # fmt: skip
