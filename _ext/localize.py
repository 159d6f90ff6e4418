"""Localize: a chapter's prose in another language, from the same catalogs as its page.

Sphinx translates doctrees; a notebook is made from the source's Markdown. So each message is found
in the Markdown where the parser says that it stands, and replaced there.
"""

from __future__ import annotations

import json
import re

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from myst_parser.parsers.mdit import create_md_parser
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from .book import Book, Language
from .plain import directive_of, parse_directive
from .translate import drawings, messages


def localize(source: NotebookNode, chapter: str, language: Language, book: Book) -> NotebookNode:
    """A copy of a chapter's source (as `split.read` returns it) with its prose translated.

    What the catalog has no translation for stays English.
    """
    said = messages(book, language, chapter)
    parser = create_md_parser(book.markdown, RendererHTML)
    for drawing in drawings(book):
        path = f"img/{drawing.name}"
        said[path] = path.replace(".svg", f".{language.code}.svg")
    cells = [
        new_markdown_cell(translate(cell.source, said, parser), id=cell.id)
        if cell.cell_type == "markdown"
        else cell
        for cell in source.cells
    ]
    return NotebookNode({**source, "cells": cells})


def translate(text: str, said: dict[str, str], parser: MarkdownIt) -> str:
    """Markdown with every message replaced by its translation, directives' contents included."""
    lines = text.splitlines()
    replaced: list[tuple[int, int, str]] = []  # first line, line after the last, new text
    for token in parser.parse(text):
        if token.map is None or (replaced and token.map[0] < replaced[-1][1] - 1):
            continue
        first, after = token.map
        if directive_of(token)[0]:
            block = _directive("\n".join(lines[first:after]), token, said, parser)
        elif token.type == "inline":
            if replaced and replaced[-1][:2] == (first, after):  # a further cell of a table's row
                first, after, block = replaced.pop()
            else:
                block = "\n".join(lines[first:after])
            block = _message(block, token.content, said)
        else:
            continue
        replaced.append((first, after, block))
    for first, after, block in reversed(replaced):
        lines[first:after] = [block]
    return "\n".join(lines)


def _message(block: str, content: str, said: dict[str, str]) -> str:
    """A block with its one message translated; what stands before it (`- `, `# `) is kept."""
    message = " ".join(content.split("\n")).strip()
    if message not in said:
        return block
    parts = [re.escape(line.strip()) for line in content.split("\n")]
    return re.sub(r"\s*\n[\s>]*".join(parts), lambda _: said[message], block, count=1)


def _directive(block: str, token, said: dict[str, str], parser: MarkdownIt) -> str:
    """A directive with its title, its alternative text and its content translated."""
    first, *rest = block.splitlines()
    _, title = directive_of(token)
    if title in said:
        first = first.replace(title, said[title])
    directive = parse_directive(token)
    body = "\n".join(directive.body)
    head = rest[: directive.body_offset]
    alt = directive.options.get("alt", "")
    if alt in said:
        quoted = json.dumps(said[alt], ensure_ascii=False)  # YAML: the words may hold a colon
        head = [f":alt: {quoted}" if line.startswith(":alt:") else line for line in head]
    return "\n".join([first, *head, translate(body, said, parser), rest[-1]])
