"""What every step shares: the book's backends and chapters, and the error that stops it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from myst_nb.core.read import is_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from sphinx.errors import SphinxError
from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml


class BookError(SphinxError):
    """Something in the book is wrong; the message says what, where and how to mend it."""

    category = "Book error"


@dataclass(frozen=True)
class Backend:
    """One framework a reader can choose."""

    tag: str  # marks cells and notebooks: "pytorch"
    label: str  # what the reader sees: "PyTorch"
    module: str  # Python module, and d2l_shim/<module>.py: "torch"
    colab: str  # arguments of `pip install` where it is missing


@dataclass(frozen=True)
class Book:
    """The settings in `_config.yml` that splitting, executing and rendering need."""

    root: Path
    backends: tuple[Backend, ...]
    markdown: MdParserConfig  # the syntax extensions that pages use
    repository: str = ""
    branch: str = "main"

    def source(self, chapter: str) -> Path:
        """Path of a chapter's source; `chapter` is a docname such as "chapters/gaussian"."""
        return self.root / f"{chapter}.md"

    def notebook(self, chapter: str, backend: Backend) -> Path:
        """Path of a chapter's executed notebook."""
        return self.root / f"{chapter}.{backend.tag}.ipynb"

    def chapters(self) -> list[str]:
        """Docnames of all pages in `_toc.yml` that hold code cells, in reading order.

        Raises BookError for a page that is listed and not there.
        """
        try:
            pages = list(parse_toc_yaml(self.root / "_toc.yml"))
        except (OSError, MalformedError, yaml.YAMLError) as error:
            raise BookError(f"_toc.yml cannot be read: {error}") from error
        for page in pages:
            if not self.source(page).is_file():
                raise BookError(
                    f"_toc.yml lists {page!r}, but there is no {page}.md: "
                    "write the page, or take the line out"
                )
        return [
            page
            for page in pages
            if is_myst_markdown_notebook(self.source(page).read_text(encoding="utf-8"))
        ]


def load(root: Path | str) -> Book:
    """Read `_config.yml` in the folder `root`.

    Raises BookError if it lists no backends, or a repository that is not on GitHub.
    """
    root = Path(root).resolve()
    try:
        config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
        backends = tuple(Backend(**entry) for entry in config["sphinx"]["config"]["backends"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise BookError(
            f"_config.yml: cannot read sphinx: config: backends ({error!r}); expected a list of "
            "{tag: …, label: …, module: …, colab: …}"
        ) from error
    repository = config.get("repository") or {}
    url = (repository.get("url") or "").rstrip("/").removesuffix(".git")
    if url and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", url):
        raise BookError(
            f"_config.yml: repository: url is {url!r}; expected https://github.com/OWNER/NAME "
            "(Colab and Binder start from there), or nothing"
        )
    extensions = (config.get("parse") or {}).get("myst_enable_extensions", [])
    markdown = MdParserConfig(enable_extensions=set(extensions))
    return Book(root, backends, markdown, url, repository.get("branch") or "main")
