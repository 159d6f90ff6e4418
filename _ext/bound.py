"""Bound: the whole book for one backend in a file to keep, as PDF and as EPUB (`make pdf`).

Both are made of the edition's pages, which offer them on the front page.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes, locale
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from . import epub, pdf
from .book import Backend, Book, Language
from .build import spoken
from .launch import DOWNLOADS
from .tabs import tab_set
from .volume import read
from .words import CATALOG, said


def setup(app: Sphinx) -> None:
    app.add_config_value("bound", False, "html")  # whether the files will be there
    app.add_post_transform(OfferFiles)


def bind(html: Path, catalogs: Path, book: Book, language: Language, backend: Backend) -> None:
    """Put the PDF and the EPUB for a backend among the downloads of the edition in `html`.

    `catalogs` are the edition's, compiled. Raises BookError without a Chromium.
    """
    locale.init([str(catalogs)], language.code, CATALOG)
    try:
        for kind in (pdf, epub):
            path = html / DOWNLOADS / file_name(book, language, backend, kind.SUFFIX)
            path.parent.mkdir(parents=True, exist_ok=True)
            kind.write(read(html, book, language, backend), path)
    finally:
        locale.translators.clear()


def file_name(book: Book, language: Language, backend: Backend, suffix: str) -> str:
    """What a file is called: "a-title.pt-br.mxnet.pdf"."""
    return f"{nodes.make_id(book.title) or 'book'}.{language.folder}.{backend.tag}{suffix}"


class OfferFiles(SphinxPostTransform):
    """Offer the files under the title of the front page, in the tabs of the backends."""

    default_priority = 190  # before sphinx-design makes tabs of tab sets
    formats = ("html",)

    def run(self, **kwargs) -> None:
        section = next(self.document.findall(nodes.section), None)
        here = self.config.bound and self.env.docname == self.config.root_doc
        if not here or section is None:
            return
        book, language = self.app.book, spoken(self.app.book, self.config.language)
        tabs = {}
        for backend in book.backends:
            offer = nodes.paragraph("", said("The whole book to keep:"))
            for before, kind in ((" ", pdf), (" · ", epub)):
                name = file_name(book, language, backend, kind.SUFFIX)
                link = addnodes.download_reference("", kind.SUFFIX[1:].upper(), filename=name)
                offer += [nodes.Text(before), link]
            tabs[backend.tag] = (backend.label, [offer])
        offers = tab_set(tabs)
        offers["classes"].append("launch")
        section.insert(1, offers)
