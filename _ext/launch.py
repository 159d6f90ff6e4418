"""Launch: under a chapter's title, per backend, how to get and run its notebook."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from .book import Backend, Book
from .merge import CODE, SECONDS
from .tabs import GROUP, tab_set
from .words import say, to_say

DOWNLOADS = "_downloads"  # where Sphinx's builders of pages look for what can be downloaded


def setup(app: Sphinx) -> None:
    # where the notebooks in the edition's language lie; the committed ones are in English
    app.add_config_value("notebooks", "", "")
    app.add_post_transform(LaunchTabs)
    app.connect("build-finished", copy_downloads)


class LaunchTabs(SphinxPostTransform):
    """Put a tab set with launch links after the title of each chapter's page.

    Downloads work everywhere; Colab and Binder need `repository: url` in `_config.yml`.
    """

    default_priority = 190  # before sphinx-design makes tabs of tab sets
    formats = ("html",)

    def run(self, **kwargs) -> None:
        chapter, book = self.env.docname, self.app.book
        section = next(self.document.findall(nodes.section), None)
        if section is None or not self.env.metadata[chapter].get(CODE):
            return
        tabs = {}
        for backend in book.backends:
            seconds = self.env.metadata[chapter][SECONDS][backend.tag]
            on_paper = to_say("Printed with the code and results of {backend}.")
            on_paper = say(self.app, on_paper, backend=backend.label)
            tabs[backend.tag] = (backend.label, [
                links(self.app, chapter, backend, seconds),
                nodes.paragraph("", "", on_paper, classes=["onlyprint"]),
            ])  # fmt: skip
        launch = tab_set(tabs)
        launch["classes"].append("launch")
        section.insert(1, launch)  # after the title


def links(app: Sphinx, chapter: str, backend: Backend, seconds: float) -> nodes.paragraph:
    """What runs first: the zip. Then what needs more: the notebook alone, and services online."""
    book, file = app.book, f"{chapter}.{backend.tag}"
    page = app.builder.get_target_uri(chapter).rpartition("/")[2]
    parts: list[list[nodes.Node]] = []
    for label, name, needs in (
        (to_say("Download, ready to run (zip)"), f"{file}.zip", ""),
        (to_say("the notebook alone"), f"{file}.ipynb", to_say("(needs {shim} beside it)")),
    ):
        link = addnodes.download_reference("", "", say(app, label), filename=name)
        more = [nodes.Text(" "), say(app, needs, shim=book.shim.name)] if needs else []
        parts.append([link, *more])
    for label, url in online(book, chapter, backend).items():
        parts.append([nodes.reference("", "", say(app, label), refuri=url)])
    parts.append([say(app, to_say("ran in {seconds} s"), seconds=f"{seconds:.0f}")])
    choose = say(app, to_say("link to this page in {framework}"), framework=backend.label)
    parts.append([nodes.reference("", "", choose, internal=True,
                                  refuri=f"{page}?{GROUP}={backend.tag}")])  # fmt: skip
    paragraph = nodes.paragraph("", "", *parts.pop(0))
    for part in parts:
        paragraph += [nodes.Text(" · "), *part]
    return paragraph


def online(book: Book, chapter: str, backend: Backend) -> dict[str, str]:
    """Where a chapter's notebook can be run online: {label: URL}; empty without repository."""
    if not book.repository:
        return {}
    repository = book.repository.removeprefix("https://github.com/")
    path = book.notebook(chapter, backend).relative_to(book.root).as_posix()
    colab = f"https://colab.research.google.com/github/{repository}/blob/{book.branch}/{path}"
    binder = f"https://mybinder.org/v2/gh/{repository}/{book.branch}?urlpath=lab/tree/{path}"
    return {to_say("Open in Colab"): colab, to_say("Open in Binder"): binder}


def copy_downloads(app: Sphinx, error: Exception | None) -> None:
    """Put each notebook, in the edition's language, beside a zip that runs where it is unpacked."""
    if error or app.builder.format != "html":
        return
    book: Book = app.book
    for chapter in book.chapters():
        for backend in book.backends:
            notebook = Path(app.config.notebooks or book.root, f"{chapter}.{backend.tag}.ipynb")
            path = Path(app.outdir, DOWNLOADS, f"{chapter}.{backend.tag}.ipynb")
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(notebook, path)
            with zipfile.ZipFile(path.with_suffix(".zip"), "w") as archive:
                files = {path.name: path} | {
                    file.relative_to(book.shim.parent).as_posix(): file for file in shim_files(book)
                }
                for name, file in files.items():
                    entry = zipfile.ZipInfo(name)  # dated 1980: the same archive every time
                    archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


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
