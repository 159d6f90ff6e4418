"""A small book in a temporary folder, for the tests of the engine: no framework, no network."""

from pathlib import Path

import nbformat

from _ext import split
from _ext.book import load
from _ext.committed import hash_of_outputs

ROOT = Path(__file__).resolve().parent.parent

CONFIG = """\
title: A small book
author: nobody
only_build_toc_files: true
execute: {{execute_notebooks: "off"}}
parse: {{myst_enable_extensions: [amsmath, colon_fence, deflist, dollarmath, attrs_block]}}
repository: {{url: "{repository}", branch: main}}
bibtex_bibfiles: [references.bib]
sphinx:
  local_extensions: {{_ext: "{root}"}}
  config:
    shim: d2l_shim
    backends:
{backends}
"""
HEADER = "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3}\n---\n"
SHIM = """\
from . import tools
from .saved.{tag} import *
"""


def cell(code: str, *tags: str) -> str:
    """Source of a code cell."""
    options = f":tags: [{', '.join(tags)}]\n\n" if tags else ""
    return f"```{{code-cell}} ipython3\n{options}{code}\n```\n"


class SmallBook:
    """A book on disk; its chapter is "x"."""

    def __init__(self, root: Path, tags: tuple[str, ...], repository: str = ""):
        self.root = root
        lines = [f"      - {{tag: {t}, label: {t.title()}, module: {t}, colab: {t}}}" for t in tags]
        config = CONFIG.format(
            root=ROOT.as_posix(), repository=repository, backends="\n".join(lines)
        )
        (root / "_config.yml").write_text(config)
        (root / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters: [{file: x}]\n")
        (root / "index.md").write_text("# Home\n")
        (root / "references.bib").write_text("")
        (root / "requirements.txt").write_text("numpy==1.26.4\n")
        (root / "d2l_shim").mkdir()
        (root / "d2l_shim" / "__init__.py").write_text("")
        (root / "d2l_shim" / "tools.py").write_text("import math\n")
        for tag in tags:
            (root / "d2l_shim" / f"{tag}.py").write_text(SHIM.format(tag=tag))

    def write(self, name: str, text: str) -> None:
        """Write a file of the book."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def configure(self, old: str, new: str) -> None:
        """Change the settings."""
        path = self.root / "_config.yml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def chapter(self, body: str, name: str = "x") -> None:
        path = self.root / f"{name}.md"
        path.write_text(f"{HEADER}# A chapter\n\n{body}", encoding="utf-8")

    @property
    def book(self):
        return load(self.root)

    def source(self, name: str = "x"):
        return split.read((self.root / f"{name}.md").read_text(encoding="utf-8"), name, self.book)

    def notebook(self, backend, name: str = "x"):
        """A chapter's code for a backend, not executed."""
        cells = split.cells_of(self.source(name), backend)
        return split.notebook(cells, backend, self.book)

    def pretend_executed(self, outputs=lambda cell, backend: [], name: str = "x") -> None:
        """Write notebooks as if they had run; `outputs(cell, backend)` says what they printed."""
        for backend in self.book.backends:
            notebook = self.notebook(backend, name)
            for number, one in enumerate(notebook.cells, start=1):
                if one.cell_type == "code":
                    one.execution_count = number
                    one.outputs = outputs(one, backend)
            made = {"fingerprint": "", "outputs": hash_of_outputs(notebook), "seconds": 1.5}
            notebook.metadata["book"] = made
            nbformat.write(notebook, self.book.notebook(name, backend))


def printed(text: str) -> list:
    """The outputs of a cell that printed `text`."""
    return [nbformat.v4.new_output("stream", name="stdout", text=text)]
