"""Plain: MyST roles and directives become Markdown that any notebook reader can show.

A learner's notebook has no Sphinx: pictures are attached to their cell, numbers and citations are
written out, admonitions become quotes and dropdowns HTML's own `<details>`. What has no plain form
yet is an error, so that no learner meets markup.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_nb.core.read import read_myst_markdown_notebook
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from pybtex.database import Entry, parse_file
from pybtex.exceptions import PybtexError
from pybtex.plugin import find_plugin
from sphinx.locale import admonitionlabels, get_translation

from .book import Book, BookError, read_text
from .translate import CATALOG

_ = get_translation(CATALOG)

TITLELESS = ("note", "tip", "important", "warning", "seealso")
TITLED = ("admonition", "margin")
SILENT = ("raw", "toctree", "tableofcontents")
MIME = {".png": "image/png", ".jpg": "image/jpeg"}

CAPTION = re.compile(r"^\{\.caption\}\n((?:.+\n?)+)", re.MULTILINE)
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s:]+)\)")
ANCHOR = re.compile(r"(?<!!)\[([^\]]+)\]\(#[^)]*\)")
# a role, or a code span, which is matched so that what looks like a role in it stays
INLINE = re.compile(
    r"\{(?P<role>[a-z:-]+)\}(?P<ticks>`+)(?P<text>.+?)(?<!`)(?P=ticks)(?!`)"
    r"|(?P<code>`+)(?!`).+?(?<!`)(?P=code)(?!`)",
    re.DOTALL,
)
TARGET = re.compile(r"(?P<title>.+?)\s*<(?P<target>[^<>]+)>", re.DOTALL)


class Plain:
    """Turns the markdown cells of one chapter into plain Markdown, numbered as on its page."""

    def __init__(self, source: NotebookNode, chapter: str, book: Book):
        self.chapter, self.book = chapter, book
        self.folder = book.source(chapter).parent
        self.lines = dict(
            zip((cell.id for cell in source.cells), source.metadata["source_map"], strict=True)
        )
        self.parser = create_md_parser(book.markdown, RendererHTML)
        self.numbers = numbers(book)
        self.cited: list[str] = []

    def cell(self, cell: NotebookNode) -> NotebookNode:
        """The plain counterpart of one markdown cell, with the pictures it shows attached."""
        self.where = f"{self.chapter}.md, in the text from line {self.lines[cell.id] + 1}"
        self.attachments: dict = {}
        plain = new_markdown_cell(self.render(cell.source), id=cell.id)
        if self.attachments:
            plain.attachments = self.attachments
        return plain

    def render(self, text: str) -> str:
        """Rewrite the MyST blocks and roles of `text`; Markdown and code stay as they are."""
        lines, plain, done = text.splitlines(), "", 0
        for token in self.parser.parse(text):
            if token.map is None or token.map[0] < done:
                continue
            block = self._block(token, lines)
            if block is None:
                continue
            before = self._inline("\n".join([*lines[done : token.map[0]], ""]))
            done = token.map[1]
            if token.type in ("fence", "code_block") and not directive_of(token)[0]:
                plain += before + block + "\n"
            else:
                plain = (plain + before).rstrip("\n") + (f"\n\n{block}\n\n" if block else "\n\n")
                while done < len(lines) and not lines[done]:
                    done += 1
        return (plain + self._inline("\n".join(lines[done:]))).strip("\n")

    def _block(self, token: Token, lines: list[str]) -> str | None:
        """The new form of a block that is MyST's own, or code; None for any other."""
        if token.type in ("fence", "code_block") and not directive_of(token)[0]:
            return "\n".join(lines[token.map[0] : token.map[1]])
        if token.type in ("myst_target", "myst_line_comment"):
            return ""
        name, argument = directive_of(token)
        if not name and token.type != "math_block_label":
            return None
        if token.level:
            raise self._error(
                f"{name or 'a labelled formula'} stands inside a list or a quote; put it at the "
                "top level"
            )
        if not name:
            return f"$$\n{token.content.strip()} \\tag{{{self._number(token.info)}}}\n$$"
        directive = parse_directive(token)
        content = "\n".join(directive.body)
        if name in ("figure", "image"):
            return self._figure(argument, directive.options, content)
        if name in TITLELESS:
            return self._quote(str(admonitionlabels[name]), f"{argument}\n\n{content}".strip())
        if name in TITLED:
            return self._quote(argument, content)
        if name == "dropdown":
            title = self._inline(argument)
            return f"<details><summary>{title}</summary>\n\n{self.render(content)}\n\n</details>"
        if name == "footbibliography":
            return self._bibliography()
        if name in SILENT:
            return ""
        raise self._error(f"notebooks cannot show the directive {{{name}}} yet")

    def _quote(self, title: str, content: str) -> str:
        text = self.render(f"**{title}**\n\n{content}" if title else content)
        return "\n".join(f"> {line}".rstrip() for line in text.splitlines())

    def _figure(self, source: str, options: dict, caption: str) -> str:
        image = f"![{options.get('alt', '')}]({self._attach(source)})"
        if not caption:
            return image
        if "name" not in options:
            raise self._error(f"the figure {source!r} has a caption, so it needs a :name: as well")
        label = _("Figure {number}").format(number=self._number(options["name"]))
        return f"{image}\n\n**{label}.** {self.render(caption)}"

    def _attach(self, source: str) -> str:
        """Attach a picture to the cell; where Markdown finds it."""
        path = self.folder / source
        if path.suffix == ".svg":  # JupyterLab shows no attached SVG
            path = path.with_suffix(".png")
        try:
            data = base64.b64encode(path.read_bytes()).decode()
            self.attachments[path.name] = {MIME[path.suffix]: data}
        except (OSError, KeyError) as error:
            raise self._error(
                f"the picture {source!r} needs {path.name} ({error!r}), one of {', '.join(MIME)}; "
                "`make pictures` makes it from an SVG"
            ) from error
        return f"attachment:{path.name}"

    def _inline(self, text: str) -> str:
        """Rewrite roles, captions, pictures and links within the page, but not code spans."""
        text = CAPTION.sub(lambda match: f"*{match[1].strip()}*\n", text)
        text = INLINE.sub(lambda m: self._role(m["role"], m["text"]) if m["role"] else m[0], text)
        text = PICTURE.sub(lambda m: f"![{m[1]}]({self._attach(m[2])})", text)
        return ANCHOR.sub(r"\1", text)

    def _role(self, name: str, text: str) -> str:
        titled = TARGET.fullmatch(text)
        title, target = (titled["title"], titled["target"]) if titled else (None, text)
        if name == "eq":
            return f"({self._number(target)})"
        if name == "numref":
            number = self._number(target)
            title = title or str(_("Figure {number}"))
            return title.replace("{number}", number).replace("%s", number)
        if name in ("footcite:t", "footcite:p"):
            return self._cite(name, [key.strip() for key in text.split(",")])
        if name in ("ref", "doc", "term"):
            return title or target
        raise self._error(f"notebooks cannot show the role {{{name}}} yet")

    def _number(self, label: str) -> str:
        if label not in self.numbers:
            raise self._error(f"no formula or figure of the book is labelled {label!r}")
        return self.numbers[label]

    def _cite(self, role: str, keys: list[str]) -> str:
        cited = []
        for key in keys:
            entry = self._entry(key)
            if key not in self.cited:
                self.cited.append(key)
            try:
                people = entry.persons["author"]
                names = ["".join(map(str, person.rich_last_names)) for person in people]
                cited.append((names, entry.fields["year"]))
            except KeyError as error:
                raise self._error(f"{key!r} has no {error} in the bibliography") from error
        short = [(_people(names), year) for names, year in cited]
        if role == "footcite:t":
            return ", ".join(f"{who} ({year})" for who, year in short)
        return "(" + "; ".join(f"{who}, {year}" for who, year in short) + ")"

    def _entry(self, key: str) -> Entry:
        entries = _references(self.book.references)
        if key not in entries:
            names = ", ".join(path.name for path in self.book.references)
            raise self._error(f"cites {key!r}, which {names or 'no bibliography'} does not hold")
        return entries[key]

    def _bibliography(self) -> str:
        style = find_plugin("pybtex.style.formatting", "unsrt")()
        entries = [self._entry(key) for key in self.cited]
        backend = find_plugin("pybtex.backends", "markdown")()
        return "\n".join(f"- {e.text.render(backend)}" for e in style.format_entries(entries))

    def _error(self, what: str) -> BookError:
        return BookError(f"{self.where}: {what} (_ext/plain.py decides what notebooks can show)")


def _people(names: list[str]) -> str:
    if len(names) == 2:
        return _("{first} and {second}").format(first=names[0], second=names[1])
    return names[0] + (" et al." if len(names) > 2 else "")


def numbers(book: Book) -> dict[str, str]:
    """The labels of all chapters' numbered formulas and figures: {"eq-game": "1.6"}."""
    labels = {}
    parser = create_md_parser(book.markdown, RendererHTML)
    for chapter, number in book.chapters().items():
        text = read_text(book.source(chapter))
        notebook = read_myst_markdown_notebook(text, book.markdown)
        counts = {"formula": 0, "figure": 0}
        for cell in notebook.cells:
            for kind, label in _labels(cell.source, parser) if cell.cell_type == "markdown" else ():
                if kind == "unlabelled":
                    raise BookError(
                        f"{chapter}.md: \\begin{{{label}}} is numbered on the page and cannot be "
                        f"in the notebook: write \\begin{{{label}*}}, or $$ … $$ (eq-name)"
                    )
                counts[kind] += 1
                labels[label] = f"{number}.{counts[kind]}".lstrip(".")
    return labels


def _labels(text: str, parser: MarkdownIt) -> Iterator[tuple[str, str]]:
    """What Sphinx will number in `text`, in order, directives' contents included."""
    for token in parser.parse(text):
        name, _ = directive_of(token)
        if token.type == "math_block_label":
            yield "formula", token.info
        elif token.type == "amsmath" and token.meta.get("numbered") == "":
            yield "unlabelled", token.meta["environment"]
        elif name:
            directive = parse_directive(token)
            if name == "figure" and "name" in directive.options:
                yield "figure", directive.options["name"]
            yield from _labels("\n".join(directive.body), parser)


def directive_of(token: Token) -> tuple[str, str]:
    """Name and argument of the directive that a token is, or two empty strings."""
    found = re.match(r"\{([\w:-]+)\}\s*(.*)", token.info)
    if token.type not in ("fence", "colon_fence") or not found:
        return "", ""
    return found[1], found[2].strip()


class _AnyDirective:
    """What `parse_directive_text` needs to tell options from content."""

    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"any": str}  # noqa: RUF012


def parse_directive(token: Token):
    """Options and content of a directive, read as MyST reads them."""
    return parse_directive_text(_AnyDirective, "", token.content, validate_options=False)


@lru_cache
def _references(files: tuple[Path, ...]) -> dict[str, Entry]:
    entries = {}
    for file in files:
        try:
            entries |= dict(parse_file(file, encoding="utf-8").entries)
        except (OSError, PybtexError) as error:
            raise BookError(f"{file.name} cannot be read as BibTeX: {error}") from error
    return entries
