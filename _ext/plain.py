"""Plain: MyST roles and directives become Markdown that any notebook reader can show.

A learner's notebook has no Sphinx: figures are attached to their cell, numbers and citations are
written out, admonitions become quotes and dropdowns HTML's own `<details>`.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from pathlib import Path

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from pybtex.database import BibliographyData, Entry, parse_file
from pybtex.plugin import find_plugin

from .book import Book, BookError

ADMONITIONS = ("note", "tip", "important", "warning", "seealso", "margin", "admonition")
SILENT = ("raw", "toctree", "tableofcontents", "glossary")
ATTRIBUTES = re.compile(r"^\{[.#][^}]*\}\n", re.MULTILINE)
ROLE = re.compile(r"\{([a-z:-]+)\}(`+)(.+?)\2", re.DOTALL)
TITLED = re.compile(r"(?P<title>.+?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
MIME = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}


class _AnyDirective:
    """What `parse_directive_text` needs to tell options from content."""

    required_arguments = 0
    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"any": str}  # noqa: RUF012


class Plain:
    """Turns the markdown cells of one chapter into plain Markdown, numbering as Sphinx does."""

    def __init__(self, source: NotebookNode, chapter: str, book: Book):
        self.book, self.chapter = book, chapter
        self.folder = book.source(chapter).parent
        self.parser = create_md_parser(book.markdown, RendererHTML)
        self.cited: list[str] = []
        self.attachments: dict = {}
        self.numbers = self._numbers(source)

    def cell(self, cell: NotebookNode) -> NotebookNode:
        """The plain counterpart of one markdown cell, with the pictures it shows attached."""
        self.attachments = {}
        plain = new_markdown_cell(self.render(cell.source), id=cell.id)
        if self.attachments:
            plain.attachments = self.attachments
        return plain

    def render(self, text: str) -> str:
        """Rewrite the MyST blocks and roles of `text`; what is Markdown already stays as it is."""
        lines = text.splitlines()
        blocks, done = [], 0
        for token in self.parser.parse(text):
            if token.map is None or token.map[0] < done:
                continue
            plain = self._block(token)
            if plain is None:
                continue
            blocks.append(self._roles("\n".join(lines[done : token.map[0]])))
            blocks.append(plain)
            done = token.map[1]
        blocks.append(self._roles("\n".join(lines[done:])))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(blocks)).strip()

    def _numbers(self, source: NotebookNode) -> dict[str, str]:
        """Label of each numbered equation and figure -> its number, such as "1.2"."""
        chapters = self.book.chapters()
        first = chapters.index(self.chapter) + 1 if self.chapter in chapters else 1
        equations, figures = [], []
        for cell in source.cells:
            if cell.cell_type != "markdown":
                continue
            for token in self.parser.parse(cell.source):
                if token.type == "math_block_label":
                    equations.append(token.info)
                elif _directive(token)[0] == "figure" and "name" in _parse(token).options:
                    figures.append(_parse(token).options["name"])
        return {
            label: f"{first}.{number}"
            for labels in (equations, figures)
            for number, label in enumerate(labels, start=1)
        }

    def _block(self, token: Token) -> str | None:
        """Plain Markdown for a block that is MyST's own, None for any other."""
        if token.type in ("myst_target", "myst_line_comment"):
            return ""
        if token.type == "math_block_label":
            return f"$$\n{token.content.strip()} \\tag{{{self.numbers[token.info]}}}\n$$"
        if token.type == "fence" and not token.info.startswith("{"):
            return f"{token.markup}{token.info}\n{token.content}{token.markup}"
        name, argument = _directive(token)
        if not name:
            return None
        if token.level:
            raise BookError(
                f"{self.chapter}.md: {{{name}}} stands inside a list or a quote; notebooks have "
                "directives at the top level only"
            )
        content = "\n".join(_parse(token).body)
        if name in ("figure", "image"):
            return self._figure(argument, _parse(token).options, content)
        if name in ADMONITIONS:
            title = argument if name == "admonition" else name.capitalize()
            if name == "margin":
                title = argument
            quoted = self.render(f"**{title}**\n\n{content}" if title else content)
            return "\n" + "\n".join(f"> {line}".rstrip() for line in quoted.splitlines()) + "\n"
        if name == "dropdown":
            return (
                f"\n<details><summary>{self._roles(argument)}</summary>\n\n"
                f"{self.render(content)}\n\n</details>\n"
            )
        if name == "footbibliography":
            return self._bibliography()
        if name in SILENT:
            return ""
        raise BookError(
            f"{self.chapter}.md: notebooks cannot show the directive {{{name}}} yet; "
            "give it a plain form in _ext/plain.py"
        )

    def _figure(self, source: str, options: dict, caption: str) -> str:
        path = self.folder / source
        try:
            data = base64.b64encode(path.read_bytes()).decode()
            self.attachments[path.name] = {MIME[path.suffix]: data}
        except (OSError, KeyError) as error:
            raise BookError(
                f"{self.chapter}.md: the figure {source!r} cannot be read ({error!r}); expected "
                f"one of {', '.join(MIME)} beside the chapter"
            ) from error
        image = f"![{options.get('alt', '')}](attachment:{path.name})"
        if not caption:
            return f"\n{image}\n"
        number = self.numbers.get(options.get("name", ""))
        label = f"**Figure {number}.** " if number else ""
        return f"\n{image}\n\n{label}{self.render(caption)}\n"

    def _roles(self, text: str) -> str:
        text = ATTRIBUTES.sub("", text)
        return ROLE.sub(lambda match: self._role(match[1], match[3]), text)

    def _role(self, name: str, text: str) -> str:
        titled = TITLED.fullmatch(text)
        title, target = (titled["title"], titled["target"]) if titled else (None, text)
        if name == "eq":
            return f"({self.numbers[target]})" if target in self.numbers else f"`{target}`"
        if name == "numref":
            number = self.numbers.get(target, target)
            return title.replace("{number}", number) if title else f"Figure {number}"
        if name in ("footcite:t", "footcite:p"):
            return self._cite(name, [key.strip() for key in text.split(",")])
        if name in ("ref", "doc", "term", "download"):
            return title or target
        raise BookError(
            f"{self.chapter}.md: notebooks cannot show the role {{{name}}} yet; "
            "give it a plain form in _ext/plain.py"
        )

    def _cite(self, role: str, keys: list[str]) -> str:
        cited = []
        for key in keys:
            entry = self._entry(key)
            if key not in self.cited:
                self.cited.append(key)
            names = [" ".join(person.last_names) for person in entry.persons["author"]]
            who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
            cited.append((who, entry.fields["year"]))
        if role == "footcite:t":
            return ", ".join(f"{who} ({year})" for who, year in cited)
        return "(" + "; ".join(f"{who}, {year}" for who, year in cited) + ")"

    def _entry(self, key: str) -> Entry:
        try:
            return _references(self.book.root).entries[key]
        except (KeyError, OSError) as error:
            raise BookError(
                f"{self.chapter}.md cites {key!r}, which references.bib does not hold"
            ) from error

    def _bibliography(self) -> str:
        style = find_plugin("pybtex.style.formatting", "unsrt")()
        entries = [self._entry(key) for key in self.cited]
        backend = find_plugin("pybtex.backends", "markdown")()
        return "\n".join(f"- {e.text.render(backend)}" for e in style.format_entries(entries))


@lru_cache
def _references(root: Path) -> BibliographyData:
    return parse_file(root / "references.bib")


def _directive(token: Token) -> tuple[str, str]:
    """Name and argument of the directive that a token is, or two empty strings."""
    found = re.match(r"\{([\w:-]+)\}\s*(.*)", token.info)
    if token.type not in ("fence", "colon_fence") or not found:
        return "", ""
    return found[1], found[2].strip()


def _parse(token: Token):
    """Options and content of a directive, read as MyST reads them."""
    return parse_directive_text(_AnyDirective, "", token.content, validate_options=False)
