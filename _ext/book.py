"""What every step shares: the book's backends and chapters, and the error that stops it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from myst_nb.core.read import is_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from sphinx.errors import SphinxError
from sphinx_external_toc.api import SiteMap
from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

SAVE = "save"
JUPYTER_TAGS = {
    f"{action}-{part}" for action in ("hide", "remove") for part in ("input", "output", "cell")
}


ENGLISH = [{"code": "en", "folder": "en", "name": "English"}]


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
class Language:
    """One edition of the book."""

    code: str  # as gettext knows it: "pt_BR"
    folder: str  # of the edition in the site: "pt-br"
    name: str  # in that language: "Português (Brasil)"


@dataclass(frozen=True)
class Book:
    """The settings in `_config.yml` and `_toc.yml` that splitting, executing and rendering need."""

    root: Path
    title: str
    author: str
    backends: tuple[Backend, ...]
    languages: tuple[Language, ...]  # the first is the source
    markdown: MdParserConfig  # the syntax extensions that pages use
    references: tuple[Path, ...]  # BibTeX files
    repository: str  # https://github.com/OWNER/NAME, or ""
    branch: str

    @property
    def shim(self) -> Path:
        """The folder of the package that notebooks import."""
        return self.root / "d2l_shim"

    def source(self, chapter: str) -> Path:
        """Path of a chapter's source; `chapter` is a docname such as "chapters/gaussian"."""
        return self.root / f"{chapter}.md"

    def notebook(self, chapter: str, backend: Backend) -> Path:
        """Path of a chapter's executed notebook."""
        return self.root / f"{chapter}.{backend.tag}.ipynb"

    def chapters(self) -> dict[str, str]:
        """The pages in `_toc.yml` that hold code cells, in reading order: {docname: number}.

        The number is the one Sphinx gives, such as "2", or "" outside numbered parts. Raises
        BookError for a page that is listed and not there.
        """
        toc = self._toc()
        numbered = [
            str(item)
            for tree in toc.root.subtrees
            if tree.numbered
            for item in tree.items
            if isinstance(item, str)
        ]
        numbers = {page: str(number) for number, page in enumerate(numbered, start=1)}
        chapters = {}
        for page in toc:
            if not self.source(page).is_file():
                raise BookError(
                    f"_toc.yml lists {page!r}, but there is no {page}.md: write the page, or take "
                    "the line out (pages are listed without .md)"
                )
            if is_myst_markdown_notebook(read_text(self.source(page))):
                chapters[page] = numbers.get(page, "")
        return chapters

    def captions(self) -> list[str]:
        """The captions of the parts in `_toc.yml`."""
        return [tree.caption for tree in self._toc().root.subtrees if tree.caption]

    def _toc(self) -> SiteMap:
        try:
            return parse_toc_yaml(self.root / "_toc.yml")
        except (OSError, MalformedError, yaml.YAMLError) as error:
            raise BookError(f"_toc.yml cannot be read: {error}") from error


def read_text(path: Path) -> str:
    """A file's text, which is UTF-8, with or without a byte-order mark."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BookError(f"{path} cannot be read as UTF-8 text: {error}") from error


def load(root: Path | str) -> Book:
    """Read `_config.yml` in the folder `root`.

    Raises BookError if its backends are not a list of different ones, or if its repository is not
    on GitHub.
    """
    root = Path(root).resolve()
    try:
        config = yaml.safe_load(read_text(root / "_config.yml"))
        settings = config["sphinx"]["config"]
        backends = tuple(Backend(**entry) for entry in settings["backends"])
        languages = tuple(Language(**entry) for entry in settings.get("languages", ENGLISH))
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise BookError(
            f"_config.yml: cannot read sphinx: config: ({error!r}); expected under backends a list "
            "of {tag: …, label: …, module: …, colab: …}, under languages one of "
            "{code: …, folder: …, name: …}"
        ) from error
    tags = [backend.tag for backend in backends]
    if not tags or len(set(tags)) < len(tags) or {SAVE, *JUPYTER_TAGS}.intersection(tags):
        raise BookError(
            f"_config.yml: the backends' tags are {tags}; expected at least one, all different, "
            f"and none of {', '.join(sorted({SAVE, *JUPYTER_TAGS}))}"
        )
    repository = config.get("repository") or {}
    url = (repository.get("url") or "").rstrip("/").removesuffix(".git")
    if url and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", url):
        raise BookError(
            f"_config.yml: repository: url is {url!r}; expected https://github.com/OWNER/NAME "
            "(Colab and Binder start from there), or nothing"
        )
    extensions = (config.get("parse") or {}).get("myst_enable_extensions", [])
    return Book(
        root=root,
        title=config.get("title") or "",
        author=config.get("author") or "",
        backends=backends,
        languages=languages,
        markdown=MdParserConfig(enable_extensions=set(extensions)),
        references=tuple(root / name for name in config.get("bibtex_bibfiles") or []),
        repository=url,
        branch=repository.get("branch") or "main",
    )
