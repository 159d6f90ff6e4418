"""Differences: what a translation has and its English has not, or the other way round.

Pages are Markdown: both texts are parsed as the book parses its pages, and all must be the same
but for words and emphasis. Other words go into templates and drawings: no tag, no placeholder more
or less.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.parsers.mdit import create_md_parser

from .book import Book

# a translation has these as it likes
FREE = {"inline", "softbreak", "em", "strong", "s"}  # "inline" holds the others
REFERENCES = {"ref", "numref", "doc", "term", "any", "download"}  # roles: {ref}`title <target>`
TITLED = re.compile(r"(?P<title>.+?)\s*<(?P<target>[^<]*)>", re.DOTALL)  # as Sphinx has it
TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>?")  # browsers see more tags than Markdown does
URL = re.compile(r"(?:\w+://|\bwww\.)\S*[\w/]")  # a link in notebooks, though not on pages
# in a page: also what is an attribute or a footnote to another set of Markdown extensions
PLACEHOLDER = re.compile(r"%\(\w*\)\w|%s|\{[^{}]*\}|\[\^[^\]]+\]")
# in words, which Python formats: a lone % or brace is an error there
FORMAT = re.compile(r"%(?:\(\w*\))?\w?|\{[^{}]*\}|[{}]")


def strict_parser(book: Book) -> MarkdownIt:
    """The book's Markdown parser, which also tells of links and attributes that it would drop."""
    parser = create_md_parser(book.markdown, RendererHTML)
    parser.validateLink = lambda url: True
    if "attr" in parser.core.ruler.get_all_rules():
        parser.core.ruler.disable("attr")  # it moves attributes to the next block, if there is one
    return parser


def differences(source: str, translation: str, parser: MarkdownIt | None) -> list[str]:
    """What should be the same in a translation, and is not, each in a few words.

    With a `parser` (see `strict_parser`), both are Markdown; with None, words for templates.
    """
    want, has = (Counter(_kept(text, parser)) for text in (source, translation))
    if parser is None and '"' in translation and '"' not in source:
        has['"'] += 1  # it would end an attribute; quotation marks are “these”, or the language's
    return [f"lacks {what!r:.80}, which its source has" for what in (want - has).elements()] + [
        f"has {what!r:.80}, which its source has not" for what in (has - want).elements()
    ]


def _kept(text: str, parser: MarkdownIt | None) -> Iterator[str]:
    """What a translation must keep of a text."""
    if parser is None:
        yield from TAG.findall(text) + FORMAT.findall(text)
        return
    environment: dict = {}
    for kind, content in _marks(parser.parse(text, environment)):
        if kind in ("text", "title"):
            yield from PLACEHOLDER.findall(content) + URL.findall(content)
            for tag in TAG.findall(content):  # text may have it written as an entity, or as \<
                if re.search(r"(?<!\\)" + re.escape(tag[:2]), text):
                    yield tag
        else:
            yield f"{kind} {content}".rstrip()
    for label, link in environment.get("references", {}).items():  # no token tells of these
        yield f"[{label}]: {link['href']}"


def _marks(tokens: Iterable[Token]) -> Iterator[tuple[str, str]]:
    """The tokens of a Markdown text as (kind, content), without emphasis and line breaks.

    Kind "text" is text of the page, "title" the title of a link, a picture or a reference.
    """
    for token in tokens:
        kind, content = token.type.removesuffix("_open").replace("_", " "), token.content
        attributes = {**token.attrs, **token.meta.get("insecure_attrs", {})}
        if kind in ("link", "image"):
            yield "title", str(attributes.pop("title", ""))
            content = attributes.pop("alt", "")  # an image's content is in its children, too
        named = [f"{name}={value}" for name, value in sorted(attributes.items())]
        if kind == "text":
            yield kind, content
        elif kind == "myst role":
            name = token.meta["name"]
            titled = TITLED.fullmatch(content) if name.split(":")[-1] in REFERENCES else None
            if titled:
                yield "title", titled["title"]
            yield "role", f"{{{name}}}`{titled['target'] if titled else content}`"
        elif kind not in FREE and token.nesting >= 0:  # neither free nor the end of something
            info = "" if kind == "link" else token.info  # which says how the link was written
            yield kind, " ".join(filter(None, [info, content, *named]))
        yield from _marks(token.children or ())
