"""Launch: under a chapter's title, per backend, how to get and run its notebook."""

from __future__ import annotations

import json

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from .book import Backend, Book
from .tabs import tab_set


def setup(app: Sphinx) -> None:
    app.add_transform(LaunchTabs)


class LaunchTabs(SphinxTransform):
    """Put a tab set with launch links after the title of each chapter.

    The download works everywhere; Colab and Binder need `repository: url` in `_config.yml`.
    """

    default_priority = 510

    def apply(self) -> None:
        book: Book = self.app.book
        chapter = self.env.docname
        title = next(self.document.findall(nodes.title), None)
        if title is None or chapter not in book.chapters():
            return
        tabs = {
            backend.tag: (backend.label, [self._links(chapter, backend, book)])
            for backend in book.backends
        }
        launch = tab_set(tabs)
        launch["classes"].append("launch")
        title.parent.insert(title.parent.index(title) + 1, launch)

    def _links(self, chapter: str, backend: Backend, book: Book) -> nodes.paragraph:
        name = book.notebook(chapter, backend).name
        download = addnodes.download_reference("", "", reftarget=name, refdoc=chapter)
        download += nodes.Text("Download the notebook")
        links = [download]
        for label, url in online(book, chapter, backend).items():
            links.append(nodes.reference("", f"Open in {label}", refuri=url, internal=False))
        paragraph = nodes.paragraph()
        for link in links:
            paragraph += [link, nodes.Text(" · ")]
        notebook = json.loads(book.notebook(chapter, backend).read_text(encoding="utf-8"))
        paragraph += nodes.Text(f"ran in {notebook['metadata']['book']['seconds']:.0f} s")
        return paragraph


def online(book: Book, chapter: str, backend: Backend) -> dict[str, str]:
    """Where a chapter's notebook can be run online: {service: URL}; empty without repository."""
    if not book.repository:
        return {}
    repository = book.repository.removeprefix("https://github.com/")
    path = book.notebook(chapter, backend).relative_to(book.root).as_posix()
    return {
        "Colab": f"https://colab.research.google.com/github/{repository}/blob/{book.branch}/{path}",
        "Binder": f"https://mybinder.org/v2/gh/{repository}/{book.branch}?urlpath=lab/tree/{path}",
    }
