"""What every step shares: the book's backends and chapters, and the error that stops it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import yaml
from babel import Locale, UnknownLocaleError
from myst_nb.core.read import is_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from sphinx.errors import SphinxError
from sphinx_external_toc.api import SiteMap
from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

MADE = ("_build", "__pycache__", "node_modules", "build")  # folders that hold no sources
ENGLISH = [{"code": "en", "folder": "en", "name": "English"}]
SAVE = "save"
JUPYTER_TAGS = {
    f"{action}-{part}" for action in ("hide", "remove") for part in ("input", "output", "cell")
}


class BookError(SphinxError):
    """Something in the book is wrong; the message says what, where and how to mend it."""

    category = "Book error"


@dataclass(frozen=True)
class Backend:
    """One framework a reader can choose."""

    tag: str  # marks cells and notebooks: "pytorch"
    label: str  # what the reader sees: "PyTorch"
    module: str  # Python module, and <shim>/<module>.py: "torch"
    colab: str  # arguments of `pip install` where it is missing


@dataclass(frozen=True)
class Language:
    """One edition of the book."""

    code: str  # as gettext knows it: "pt_BR"
    folder: str  # of the edition in the site: "pt-br"
    name: str  # in that language: "Português (Brasil)"

    @property
    def tag(self) -> str:
        """The code as the web writes it: "pt-BR"."""
        return self.code.replace("_", "-")


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
    url: str  # where the site is published, or ""
    shim: Path  # the package that the notebooks import
    licences: tuple[dict[str, str], ...]  # {of: "Code", name: "MIT", url: …}, of what is in it
    figures: dict[str, str]  # how numbered things are called: {"figure": "Figure %s"}
    logo: Path | None
    favicon: Path | None

    def files(self) -> list[Path]:
        """All files of the book, sorted: not what was built, installed or hidden."""
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [one for one in folders if one not in MADE and not one.startswith(".")]
            found += [Path(folder, name) for name in names if not name.startswith(".")]
        return sorted(found)

    def published(self, page: str, code: str, suffix: str = ".html") -> str:
        """The address of a page in the language with that code; "" if the book has none."""
        folder = next((one.folder for one in self.languages if one.code == code), "")
        return f"{self.url}/{folder}/{quote(page)}{suffix}" if self.url else ""

    def source(self, chapter: str) -> Path:
        """Path of a chapter's source; `chapter` is a docname such as "chapters/gaussian"."""
        return self.root / f"{chapter}.md"

    def notebook(self, chapter: str, backend: Backend) -> Path:
        """Path of a chapter's executed notebook."""
        return self.root / f"{chapter}.{backend.tag}.ipynb"

    def chapters(self) -> list[str]:
        """The pages in `_toc.yml` that hold code cells, in reading order.

        Raises BookError for a page that is listed and not there, or whose header is no YAML.
        """
        chapters = []
        for page in self.pages():
            if not self.source(page).is_file():
                raise BookError(
                    f"_toc.yml lists {page!r}, but there is no {page}.md: write the page, or take "
                    "the line out (pages are listed without .md)"
                )
            text = read_text(self.source(page))
            front_matter(text, f"{page}.md")
            if is_myst_markdown_notebook(text):
                chapters.append(page)
        return chapters

    def pages(self) -> list[str]:
        """All pages in `_toc.yml`, in reading order."""
        return list(self.toc())

    def captions(self) -> list[str]:
        """The captions of the parts in `_toc.yml`."""
        return [tree.caption for tree in self.toc().root.subtrees if tree.caption]

    def toc(self) -> SiteMap:
        """What `_toc.yml` says. Raises BookError if it cannot be read."""
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


def front_matter(text: str, name: str) -> dict:
    """The header of a page, YAML between two lines `---` at its very beginning; {} without one.

    Raises BookError, with the line, if it is no YAML, or no keys and values.
    """
    header = re.match(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$", text, re.DOTALL | re.MULTILINE)
    if header is None:
        return {}
    mend = "the header of another chapter shows how"
    try:
        found = yaml.safe_load(header[1]) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 2}" if mark else ""  # counted from 0, below the first `---`
        problem = getattr(error, "problem", None) or str(error)
        raise BookError(f"{name}{line}: the header is no YAML: {problem}; {mend}") from error
    if not isinstance(found, dict):
        raise BookError(f"{name}, line 2: the header is {found!r}, expected `key: value`; {mend}")
    mappings = {key: found.get(key, {}) for key in ("jupytext", "kernelspec")}
    if isinstance(mappings["jupytext"], dict):
        mappings["text_representation"] = mappings["jupytext"].get("text_representation", {})
    for key, value in mappings.items():
        if not isinstance(value, dict):
            raise BookError(f"{name}: {key} in the header is {value!r}, not a mapping; {mend}")
    return found


def load(root: Path | str) -> Book:
    """Read `_config.yml` in the folder `root`.

    Raises BookError if its backends or languages are not a list of different ones, if an edition's
    folder is none in the site, or if its repository is not on GitHub.
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
    _check_languages(languages)
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
        licences=tuple(settings.get("licences") or ()),
        figures=settings.get("numfig_format") or {},
        logo=Path(config["logo"]) if config.get("logo") else None,
        favicon=Path(icon) if (icon := (config.get("html") or {}).get("favicon")) else None,
        shim=root / (settings.get("shim") or "shim"),
        url=((config.get("html") or {}).get("baseurl") or "").rstrip("/"),
    )


def _check_languages(languages: tuple[Language, ...]) -> None:
    """Raise BookError unless the first is English, and all differ in code and folder."""
    if not languages or languages[0].code != "en":
        raise BookError(
            "_config.yml: expected {code: en, folder: en, name: English} as the first of "
            f"languages: the pages are written in English; got {[one.code for one in languages]}"
        )
    codes, folders = set(), {"index.html"}  # the site's own page, which leads to the editions
    for number, one in enumerate(languages, start=1):
        if not _is_code(one.code) or one.code in codes:
            expected = 'a code xx or xx_YY (in quotes if YAML reads a word, as in "no"), once'
        elif not _is_folder(one.folder) or one.folder.lower() in folders:
            expected = "a folder in the site of its own: letters, digits and .-_, no index.html"
        elif not isinstance(one.name, str) or not one.name.strip():
            expected = "a name, as readers call the language"
        else:
            codes.add(one.code)
            folders.add(one.folder.lower())
            continue
        raise BookError(f"_config.yml: entry {number} of languages is {one}; expected {expected}")


def _is_code(code: str) -> bool:  # as gettext and Babel know languages
    try:
        return bool(re.fullmatch("[a-z]{2}(_[A-Z]{2})?", code) and Locale.parse(code))
    except (TypeError, ValueError, UnknownLocaleError):
        return False


def _is_folder(name: str) -> bool:
    """Whether an edition can lie in a folder of this name, within the site."""
    return isinstance(name, str) and bool(re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]*", name))
