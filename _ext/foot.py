"""Foot: what stands below every page: who made it, what others may do with it, and its source."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from sphinx.application import Sphinx

from .words import english, said, to_say


def setup(app: Sphinx) -> None:
    app.add_config_value("licences", [], "html")
    app.connect("html-page-context", add_foot)


def add_foot(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Tell the template `foot.html` its parts, as HTML."""
    book, config = app.book, app.config
    parts = []
    if book.author:
        parts.append(words(app, to_say("By {author}")).replace("{author}", words(app, book.author)))
    if config.copyright:
        parts.append(f"© {escape(config.copyright)}")
    for one in book.licences:
        parts.append(f"{words(app, one['of'])}: {link(one['url'], escape(one['name']), 'license')}")
    if book.repository:
        path = f"/blob/{book.branch}/{quote(app.env.doc2path(page, base=False))}" if doctree else ""
        source = words(app, to_say("Source of this page"))
        parts.append(link(book.repository + path, source))
    context["foot"] = parts


def words(app: Sphinx, message: str) -> str:
    """A message in the edition's language, as HTML; marked where it is not translated."""
    language, text = english(app, message), escape(said(message))
    return f'<span lang="{language}">{text}</span>' if language else text


def link(url: str, html: str, rel: str = "") -> str:
    return f'<a href="{escape(url)}"{f" rel={rel}" if rel else ""}>{html}</a>'
