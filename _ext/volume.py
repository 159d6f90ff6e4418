"""Volume: what a PDF and an EPUB are made of: the edition's pages for one backend, and a cover."""

from __future__ import annotations

import base64
import mimetypes
import os
import textwrap
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from babel import Locale
from jinja2 import Environment, FileSystemLoader, Template
from pygments.formatters import HtmlFormatter

from .book import Backend, Book, Language
from .digest import ENGINE
from .unfolded import Page, resolve, unfolded
from .words import said

TEMPLATES = ENGINE / "templates" / "bound"
STYLE = "style.css"  # of both kinds of volumes
LINE = 20  # characters of the title in a line of the cover


@dataclass(frozen=True)
class Volume:
    """The book in one language for one backend."""

    html: Path  # the edition that it is made of
    book: Book
    language: Language
    backend: Backend
    pages: list[Page]
    parts: dict[str, str]  # {page: caption of the part that begins with it}

    @property
    def title(self) -> str:
        return said(self.book.title)

    @property
    def author(self) -> str:
        return said(self.book.author)

    @property
    def subtitle(self) -> str:
        """What tells it from the others; a book with one backend has only one of a kind."""
        if len(self.book.backends) == 1:
            return ""
        return said("with code in {backend}").replace("{backend}", self.backend.label)

    @property
    def named(self) -> str:
        """Its title, and what tells it from the others."""
        return f"{self.title} ({self.subtitle})" if self.subtitle else self.title

    @property
    def direction(self) -> str:
        """Where its lines go: "ltr" or "rtl"."""
        return Locale.parse(self.language.code).text_direction

    @cached_property
    def cover(self) -> str:
        """The cover, as SVG."""
        logo = ""
        if self.book.logo:
            content = base64.b64encode((self.book.root / self.book.logo).read_bytes()).decode()
            logo = f"data:{mimetypes.guess_type(self.book.logo)[0]};base64,{content}"
        lines = textwrap.wrap(self.title, LINE, max_lines=6) or [""]
        return template("cover.svg.jinja").render(volume=self, lines=lines, logo=logo)


def template(name: str) -> Template:
    """A template of the books; what it is given is text, unless it says `|safe`."""
    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(name)


def read(html: Path, book: Book, language: Language, backend: Backend) -> Volume:
    """The volume of the edition in `html`, its pages in reading order."""
    toc = book.toc()
    pages = {name: unfolded(html, name, book, backend) for name in toc}
    for page in pages.values():
        resolve(page, pages, book, language)
    parts = {str(part.items[0]): said(part.caption) for part in toc.root.subtrees
             if part.items and part.caption}  # fmt: skip
    return Volume(html, book, language, backend, list(pages.values()), parts)


def colours() -> str:
    """The style of code, for white paper."""
    return HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")


def moment() -> time.struct_time:
    """When it was made, as reproducible builds say it: $SOURCE_DATE_EPOCH, or 1980 as in zips."""
    return time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or 315532800))
