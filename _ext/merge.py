"""Merge: a chapter's source and its executed notebooks become one page, prose once.

What MyST-NB's parser gets of a chapter is the merged notebook. Nothing is executed here.
"""

from __future__ import annotations

import copy

import nbformat
from docutils import nodes
from myst_nb.core.read import is_myst_markdown_notebook
from myst_nb.sphinx_ import Parser
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from . import split
from .book import Backend, BookError, front_matter, load
from .committed import committed

CODE = "code cells"  # of a chapter, as the source has them: in Sphinx's metadata of the page
SECONDS = "seconds"  # that each backend's notebook ran


def setup(app: Sphinx) -> None:
    # False: the pages' code has no outputs. `make notebooks` asks for it before it executes.
    app.add_config_value("show_outputs", True, "env")
    app.add_source_parser(ChapterParser, override=True)
    app.connect("builder-inited", load_book)


def load_book(app: Sphinx) -> None:
    """Read the settings once per build, and stop it if a listed chapter is not there."""
    app.book = load(app.srcdir)
    app.book.chapters()


class ChapterParser(Parser):
    """MyST-NB's parser for pages; it reads a chapter from the merged notebook."""

    def parse(self, inputstring: str, document: nodes.document) -> None:
        env: BuildEnvironment = document.settings.env
        translated = document.current_source.endswith("<translated>")
        notebook = None if translated else merged_page(inputstring, env)
        if notebook is None:
            return super().parse(inputstring, document)
        settings = env.mystnb_config
        env.mystnb_config = copy.copy(settings)
        env.mystnb_config.custom_formats = {".md": (lambda text: notebook, {}, False)}
        try:
            super().parse(inputstring, document)
        finally:
            env.mystnb_config = settings


def merged_page(text: str, env: BuildEnvironment) -> NotebookNode | None:
    """The merged notebook of the chapter that Sphinx is reading; None for a page of prose."""
    book, chapter = env.app.book, env.docname
    front_matter(text, f"{chapter}.md")
    if not is_myst_markdown_notebook(text):
        if split.CODE_CELL.search(text):
            raise BookError(
                f"{chapter}.md has code cells, but does not begin as a notebook: put the header "
                "`---`, `jupytext: …`, `kernelspec: …`, `---` of another chapter at its top"
            )
        return None
    source = split.read(text, chapter, book)
    env.note_dependency(str(book.root / "_config.yml"))
    notebooks = {}
    for backend in book.backends:
        notebooks[backend] = split.notebook(split.cells_of(source, backend), backend, book)
        if env.config.show_outputs:
            env.note_dependency(str(book.notebook(chapter, backend)))
            notebooks[backend] = committed(notebooks[backend], chapter, backend, book)
    env.metadata[chapter][CODE] = [
        {"id": cell.id, "source": cell.source, **cell.metadata}
        for cell in source.cells
        if cell.cell_type == "code"
    ]
    env.metadata[chapter][SECONDS] = {
        backend.tag: notebook.metadata.get("book", {}).get("seconds", 0)
        for backend, notebook in notebooks.items()
    }
    return merge(source, notebooks)


def merge(source: NotebookNode, notebooks: dict[Backend, NotebookNode]) -> NotebookNode:
    """One notebook in source order: a backend's cell with its outputs and `metadata.backend`.

    `metadata.cell` is the cell's id in the source. A shared cell stands once, without a backend, if
    all outputs agree; else once per backend.
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
                metadata = _sized(cell.metadata, done.outputs)
                merged.metadata = NotebookNode(metadata, backend=tag, cell=cell.id)
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
