"""Launch: under a chapter's title, per backend, how to get and run its notebook."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import get_translation
from sphinx.transforms import SphinxTransform

from . import split
from .book import Backend, Book, read_text
from .executed import executed, keep_outputs
from .files import write
from .localize import localize
from .tabs import tab_set
from .translate import CATALOG

DOWNLOADS = "notebooks"
_ = get_translation(CATALOG)


def setup(app: Sphinx) -> None:
    app.add_transform(LaunchTabs)
    app.connect("build-finished", write_downloads)


class LaunchTabs(SphinxTransform):
    """Put a tab set with launch links after the title of each chapter.

    Downloads work everywhere; Colab and Binder need `repository: url` in `_config.yml`.
    """

    default_priority = 510

    def apply(self) -> None:
        chapter, book = self.env.docname, self.app.book
        section = next(self.document.findall(nodes.section), None)
        if section is None or chapter not in self.app.chapters:
            return
        tabs = {
            backend.tag: (backend.label, [links(chapter, backend, book)])
            for backend in book.backends
        }
        launch = tab_set(tabs)
        launch["classes"].append("launch")
        section.insert(1, launch)  # after the title


def links(chapter: str, backend: Backend, book: Book) -> nodes.paragraph:
    """Download links, online links, and how long the notebook ran when it was executed."""
    notebook = book.notebook(chapter, backend)
    downloads = "../" * chapter.count("/") + DOWNLOADS
    paragraph = nodes.paragraph()
    targets = {
        _("Download the notebook"): f"{downloads}/{notebook.name}",
        _("with its library (zip)"): f"{downloads}/{notebook.stem}.zip",
        **online(book, chapter, backend),
    }
    for label, url in targets.items():
        paragraph += [nodes.reference("", label, refuri=url), nodes.Text(" · ")]
    seconds = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["book"]["seconds"]
    paragraph += nodes.Text(_("ran in {seconds} s").format(seconds=f"{seconds:.0f}"))
    return paragraph


def online(book: Book, chapter: str, backend: Backend) -> dict[str, str]:
    """Where a chapter's notebook can be run online: {label: URL}; empty without repository."""
    if not book.repository:
        return {}
    repository = book.repository.removeprefix("https://github.com/")
    path = book.notebook(chapter, backend).relative_to(book.root).as_posix()
    colab = f"https://colab.research.google.com/github/{repository}/blob/{book.branch}/{path}"
    binder = f"https://mybinder.org/v2/gh/{repository}/{book.branch}?urlpath=lab/tree/{path}"
    return {_("Open in Colab"): colab, _("Open in Binder"): binder}


def write_downloads(app: Sphinx, error: Exception | None) -> None:
    """Put each notebook, in the edition's language, beside a zip that runs where it is unpacked."""
    if error or app.builder.format != "html":
        return
    book: Book = app.book
    folder = Path(app.outdir, DOWNLOADS)
    folder.mkdir(exist_ok=True)
    language = next((one for one in book.languages[1:] if one.code == app.config.language), None)
    for chapter in app.chapters:
        source = split.read(read_text(book.source(chapter)), chapter, book)
        prose = localize(source, chapter, language, book) if language else source
        for backend in book.backends:
            notebook = split.split(prose, chapter, backend, book)
            keep_outputs(notebook, executed(source, chapter, backend, book))
            path = folder / book.notebook(chapter, backend).name
            write(path, nbformat.writes(notebook) + "\n")
            with zipfile.ZipFile(path.with_suffix(".zip"), "w") as archive:
                archive.write(path, path.name)
                for file in shim_files(book):
                    archive.write(file, file.relative_to(book.shim.parent).as_posix())


def shim_files(book: Book) -> list[Path]:
    """The shim's files: no links, which may lead anywhere, no caches, nothing hidden."""
    return [
        file
        for file in sorted(book.shim.rglob("*.*"))
        if file.is_file()
        and not file.is_symlink()
        and not any(
            part.startswith((".", "__pycache__")) for part in file.relative_to(book.shim).parts
        )
    ]
