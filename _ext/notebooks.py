"""Notebooks: a Sphinx builder that writes each chapter as a notebook per backend.

It writes from the same doctree as the page's builder, so that both say the same in every language.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.transforms.post_transforms import SphinxPostTransform

from . import plots, split
from .book import Backend, Book
from .committed import keep_outputs
from .files import write
from .inline import MIME
from .markdown import Markdown
from .merge import CODE
from .tabs import is_code_cell


def setup(app: Sphinx) -> None:
    app.add_builder(NotebookBuilder)
    app.add_post_transform(DropOutputs)


class DropOutputs(SphinxPostTransform):
    """Take the outputs out of code cells: they come as they are from the executed notebook."""

    default_priority = 1  # before MyST-NB chooses which kind of picture to show
    builders = ("notebook",)

    def run(self, **kwargs) -> None:
        for cell in filter(is_code_cell, self.document.findall()):
            cell.children = []


class NotebookBuilder(Builder):
    """Writes `<chapter>.<backend>.ipynb`; with outputs, if the settings show them."""

    name = format = "notebook"
    supported_image_types = ["image/svg+xml", *dict.fromkeys(MIME.values())]  # noqa: RUF012
    supported_remote_images = supported_data_uri_images = True
    allow_parallel = True

    def init(self) -> None:
        self.tags.add("html")  # what is meant for pages is meant for notebooks

    def get_outdated_docs(self) -> set[str]:
        return self.env.found_docs

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Where a page is published; nowhere ("") if the settings do not say."""
        return self.app.book.published(docname, self.config.language)

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        return self.get_target_uri(to, typ)

    def prepare_writing(self, docnames: set[str]) -> None:
        pass

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        book: Book = self.app.book
        if not self.env.metadata[docname].get(CODE):
            return
        self.post_process_images(doctree)
        for backend in book.backends:
            cells = self.cells(docname, doctree, backend)
            notebook = split.notebook(list(cells), backend, book)
            if self.config.show_outputs:
                committed = nbformat.read(book.notebook(docname, backend), as_version=4)
                keep_outputs(notebook, committed)
                for cell in notebook.cells:
                    plots.speak(cell)
            path = Path(self.outdir, f"{docname}.{backend.tag}.ipynb")
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, nbformat.writes(notebook) + "\n")

    def cells(
        self, docname: str, doctree: nodes.document, backend: Backend
    ) -> Iterator[NotebookNode]:
        """The cells of a chapter for one backend, in the page's order.

        A cell that no page shows (`remove-cell`) comes before the next one that is shown.
        """
        waiting = [
            NotebookNode(id=cell["id"], cell_type="code", source=cell["source"], metadata=cell)
            for cell in self.env.metadata[docname][CODE]
            if cell["backend"] in (None, backend.tag)
        ]
        texts = 0
        for part in Markdown(self.env, docname, backend.tag).cells(doctree):
            if isinstance(part, nodes.Node):
                wanted = part["cell_metadata"]["cell"]
                while any(cell.id == wanted for cell in waiting):
                    yield waiting.pop(0)
                continue
            texts += 1
            text, pictures = part
            attached = {"attachments": pictures} if pictures else {}
            yield NotebookNode(
                id=f"text-{texts}", cell_type="markdown", source=text, metadata={}, **attached
            )
        yield from waiting
