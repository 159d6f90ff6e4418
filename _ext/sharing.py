"""Sharing: what a page tells of itself to browsers, search engines and those it is sent to.

Its title and a description always; where the book has an address (`html: baseurl`), also the
page's own, its counterparts in the other languages, and a card: title and picture.
"""

from __future__ import annotations

import re
import textwrap
from base64 import b64encode
from contextlib import suppress
from html import escape
from pathlib import Path

from babel.core import get_global
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from .book import Book, Language, read_text
from .build import spoken
from .drawings import rasterize, translate
from .formulas import formula_of, is_formula, typeset
from .numbers import Numbers

CARDS = "_cards"  # the folder of the pictures in an edition
SIZE = (1200, 630)  # that sites ask for
SHORTEST, LONGEST = 60, 200  # characters of a description
NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
# a drawing above the page's title and the book's
CARD = """\
<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" font-family="DejaVu Sans">
<rect width="1200" height="630" fill="#fff"/><rect y="618" width="1200" height="12" fill="#0a5bc4"/>
<image x="60" y="30" width="1080" height="350" href="data:image/png;base64,{drawing}"/>
<g font-size="48" text-anchor="middle" fill="#1a1a1a">{title}</g>
<text x="600" y="590" font-size="26" text-anchor="middle" fill="#555">{book}</text>
</svg>"""


def setup(app: Sphinx) -> None:
    app.add_transform(MetaFirst)
    app.connect("html-page-context", describe, priority=502)  # after the languages' tags


class MetaFirst(SphinxTransform):
    """Put in what a page's header says (`myst: html_meta`) before translations come, not after."""

    default_priority = 8

    def apply(self, **kwargs) -> None:
        for pending in list(self.document.findall(nodes.pending)):
            found = pending.details.get("nodes", [])
            if any(isinstance(node, nodes.meta) for node in found):
                pending.parent.insert(pending.parent.index(pending), found)
                pending.details["nodes"] = []


def describe(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Set a page's title, its description, and what is to be known where it is shared."""
    book, language = app.book, spoken(app.book, app.config.language)
    context["pageurl"] = book.published(page, language.code) if doctree else None
    if doctree is None:  # no page of the book
        return
    heading = next((one[0] for one in doctree.findall(nodes.section)), None)
    title = text_of(heading) if heading else page
    number = Numbers(app.env, page).section(heading) if heading else ""
    context["page_title"] = full_title(number, title, app.config.html_title)
    description = description_of(doctree)
    tags = {"description": "" if is_described(doctree) else description}
    if book.url:
        path = Path(app.outdir, CARDS, f"{page}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(card(title, app.config.html_title, drawing_of(app, page)))
        width, height = map(str, SIZE)
        tags |= {
            "og:type": "website" if page == app.config.root_doc else "article",
            "og:site_name": app.config.html_title, "og:title": title, "og:description": description,
            "og:url": book.published(page, language.code), "og:locale": locale(language),
            "og:image": book.published(f"{CARDS}/{page}", language.code, ".png"),
            "og:image:width": width, "og:image:height": height, "og:image:alt": title,
            "twitter:card": "summary_large_image",
        }  # fmt: skip
    context["metatags"] = context["metatags"].replace(' translated="True"', "")  # Sphinx's own mark
    for name, value in tags.items():
        if not value:
            continue
        key = "property" if name.startswith("og:") else "name"
        context["metatags"] += f'\n<meta {key}="{name}" content="{escape(value)}">'


def full_title(number: str, title: str, book: str) -> str:
    """A page's title in the browser: "1. Games — A book"; once, if both are called the same."""
    same = title.casefold() == book.casefold()
    return f"{number}{title}" if same or not book else f"{number}{title} — {book}"


def text_of(node: nodes.Node) -> str:
    """The words in a node, and its formulas in words, without the numbers of notes."""
    texts = (
        typeset([formula_of(text.parent)], "htmlAndMathml")[0].words
        if is_formula(text.parent) else text.astext()
        for text in node.findall(nodes.Text)
        if not isinstance(text.parent, (nodes.footnote_reference, nodes.raw))
    )  # fmt: skip
    return " ".join("".join(texts).split())


def is_described(doctree: nodes.document) -> bool:
    """Whether the page's header has a description: Sphinx writes, and translates, that one."""
    return any(meta.get("name") == "description" for meta in doctree.findall(nodes.meta))


def description_of(doctree: nodes.document) -> str:
    """A page in a sentence or two: as its header says, or as its first paragraph of prose does.

    Paragraphs with formulas are passed over, and so is what is too short for a sentence.
    """
    for meta in doctree.findall(nodes.meta):
        if meta.get("name") == "description":
            return meta["content"]
    paragraphs = [
        one for section in doctree.findall(nodes.section) for one in section.children
        if isinstance(one, nodes.paragraph)
        and all(name.startswith("language-") for name in one["classes"])
        and not list(one.findall(lambda node: isinstance(node, (nodes.math, nodes.raw))))
    ]  # fmt: skip
    long = (one for one in paragraphs if len(one.rawsource) > SHORTEST)  # in every language
    text = "".join(map(text_of, [*long, *paragraphs][:1]))
    if len(text) <= LONGEST:
        return text
    sentences = re.match(rf"(.{{{SHORTEST},{LONGEST}}}[.!?…])\s", text)
    return sentences[1] if sentences else textwrap.shorten(text, LONGEST, placeholder=" …")


def locale(language: Language) -> str:
    """A language as Open Graph writes it, with the land where most speak it: "vi_VN"."""
    likely = get_global("likely_subtags").get(language.code, language.code)
    return f"{language.code[:2]}_{likely[-2:].upper()}"


def drawing_of(app: Sphinx, page: str) -> bytes:
    """A page's first drawing, or the book's first, or its logo; in the edition's words, as PNG."""
    book: Book = app.book
    shown = app.env.images.items()
    drawings = [uri for one in (page, *book.pages()) for uri, (pages, _) in shown if one in pages]
    for path in (book.root / one for one in (*drawings, book.logo) if one):
        if path.suffix == ".svg" and path.is_file():
            with suppress(ValueError):  # it is no drawing, and pages show nothing there
                return rasterize(translate(read_text(path)), zoom=3)
    return rasterize(NOTHING)


def card(title: str, book: str, drawing: bytes) -> bytes:
    """The picture of a page for where it is shared, as PNG."""
    lines = textwrap.wrap(title, 34, max_lines=3, placeholder=" …") or [""]
    top = 480 - 30 * (len(lines) - 1)
    spans = "".join(
        f'<text x="600" y="{top + 60 * n}">{escape(line)}</text>' for n, line in enumerate(lines)
    )
    return rasterize(CARD.format(
        drawing=b64encode(drawing).decode(), title=spans,
        book="" if book.casefold() == title.casefold() else escape(book),
    ), zoom=1)  # fmt: skip
