"""Launch: under a chapter's title, per backend, how to get and run its notebook."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from .book import Backend, Book
from .tabs import tab_set

ZIPS = "_downloads"


def setup(app: Sphinx) -> None:
    app.add_transform(LaunchTabs)
    app.connect("build-finished", write_zips)


class LaunchTabs(SphinxTransform):
    """Put a tab set with launch links after the title of each chapter.

    Downloads work everywhere; Colab and Binder need `repository: url` in `_config.yml`.
    """

    default_priority = 510

    def apply(self) -> None:
        chapter, book = self.env.docname, self.app.book
        sections = self.document.findall(nodes.section) if chapter in self.app.chapters else ()
        for section in sections:
            tabs = {
                backend.tag: (backend.label, [links(chapter, backend, book)])
                for backend in book.backends
            }
            launch = tab_set(tabs)
            launch["classes"].append("launch")
            section.insert(1, launch)  # after the title
            break


def links(chapter: str, backend: Backend, book: Book) -> nodes.paragraph:
    """Download links, online links, and how long the notebook ran when it was executed."""
    notebook = book.notebook(chapter, backend)
    download = addnodes.download_reference("", "", reftarget=notebook.name, refdoc=chapter)
    download += nodes.Text("Download the notebook")
    archive = "../" * chapter.count("/") + f"{ZIPS}/{notebook.stem}.zip"
    paragraph = nodes.paragraph("", "", download)
    online_links = online(book, chapter, backend)
    for label, url in {"with its library (zip)": archive, **online_links}.items():
        paragraph += [nodes.Text(" · "), nodes.reference("", label, refuri=url)]
    seconds = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]["book"]["seconds"]
    paragraph += nodes.Text(f" · ran in {seconds:.0f} s")
    return paragraph


def online(book: Book, chapter: str, backend: Backend) -> dict[str, str]:
    """Where a chapter's notebook can be run online: {label: URL}; empty without repository."""
    if not book.repository:
        return {}
    repository = book.repository.removeprefix("https://github.com/")
    path = book.notebook(chapter, backend).relative_to(book.root).as_posix()
    colab = f"https://colab.research.google.com/github/{repository}/blob/{book.branch}/{path}"
    binder = f"https://mybinder.org/v2/gh/{repository}/{book.branch}?urlpath=lab/tree/{path}"
    return {"Open in Colab": colab, "Open in Binder": binder}


def write_zips(app: Sphinx, error: Exception | None) -> None:
    """Put each notebook with `d2l_shim` into a zip that runs wherever it is unpacked."""
    if error or app.builder.format != "html":
        return
    book: Book = app.book
    folder = Path(app.outdir, ZIPS)
    folder.mkdir(exist_ok=True)
    shim = sorted((book.root / "d2l_shim").glob("*.py"))
    for chapter in app.chapters:
        for backend in book.backends:
            notebook = book.notebook(chapter, backend)
            with zipfile.ZipFile(folder / f"{notebook.stem}.zip", "w") as archive:
                archive.write(notebook, notebook.name)
                for path in shim:
                    archive.write(path, f"d2l_shim/{path.name}")
