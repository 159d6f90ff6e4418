"""Glossary: `locales/glossary.csv`, the terms; translated pages show their English names.

Papers and documentation are in the source's language, so a reader of a translation wants both
words. Where a term comes first on a page, the other one shows itself on hover and focus (tips.js);
translators write nothing for that.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from .book import Book

UNTOUCHED = (nodes.literal, nodes.math, nodes.reference, nodes.footnote_reference, nodes.raw)


def setup(app: Sphinx) -> None:
    app.add_node(OtherName, html=(visit, leave))
    app.add_post_transform(FirstTerms)


class OtherName(nodes.inline):
    """A term of the glossary, with the source's in `source` and its language in `language`."""


def visit(self, node: OtherName) -> None:
    tip = {"title": f"{node['language'].name}: {node['source']}", "data-tip": node["language"].tag}
    self.body.append(self.starttag(node, "span", "", CLASS="term", **tip))


def leave(self, node: OtherName) -> None:
    self.body.append("</span>")


def terms(book: Book) -> list[dict[str, str]]:
    """The rows of the glossary: {code of a language: term}; none if the book has no glossary."""
    path = book.root / "locales" / "glossary.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class FirstTerms(SphinxPostTransform):
    """Mark the first place of each term on a translated page.

    Only where the paragraph's English has the English term too: words have other meanings.
    """

    default_priority = 600
    formats = ("html",)

    def run(self, **kwargs) -> None:
        book, code = self.app.book, self.config.language
        source = book.languages[0]
        if code == source.code:
            return
        left = {bare(row.get(code)): bare(row.get(source.code)) for row in terms(book)}
        left = {ours: theirs for ours, theirs in left.items() if ours and theirs and ours != theirs}
        for paragraph in list(self.document.findall(nodes.paragraph)):
            if not paragraph.get("translated") or not left:
                continue
            english, text = paragraph.rawsource, paragraph.astext()
            here = [ours for ours in left if has(text, ours) and has(english, left[ours], end="")]
            for ours in sorted(here, key=len, reverse=True):  # "gradient penalty" before "gradient"
                glossed = has(text, left[ours])  # by the translator
                if glossed or mark(paragraph, ours, left[ours], source):
                    del left[ours]


def bare(words: str | None) -> str:
    """A term without what it has in brackets."""
    return re.sub(r"\s*\([^()]*\)", "", words or "").strip()


def has(text: str, words: str, end: str = r"\b") -> re.Match | None:
    """Where words stand in a text, whatever their case and the space between them."""
    pattern = r"\s+".join(map(re.escape, words.split()))
    return re.search(rf"\b{pattern}{end}", text, re.IGNORECASE)


def mark(paragraph: nodes.paragraph, ours: str, theirs: str, language) -> bool:
    """Mark the first place of a term in a paragraph; whether there was one in plain words."""
    for text in list(plain(paragraph)):
        found = has(text, ours)
        if found:
            marked = OtherName("", found[0], source=theirs, language=language)
            parts = [nodes.Text(text[: found.start()]), marked, nodes.Text(text[found.end() :])]
            text.parent.replace(text, [part for part in parts if part.astext()])
            return True
    return False


def plain(node: nodes.Element) -> Iterator[nodes.Text]:
    """The text in a node that is neither code, formula, link nor marked already."""
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child
        elif not isinstance(child, (*UNTOUCHED, OtherName)):
            yield from plain(child)
