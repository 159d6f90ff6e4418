"""EPUB: a volume as EPUB 3, for e-readers: formulas as MathML, the reader's own type, no scripts.

Sphinx's own builder would write what epubcheck refuses: scripts, the styles of all extensions, HTML
that is no XHTML.
"""

from __future__ import annotations

import mimetypes
import posixpath
import re
import time
import uuid
import zipfile
from pathlib import Path
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from .book import BookError
from .drawings import rasterize
from .volume import STYLE, TEMPLATES, Volume, colours, moment, template
from .words import said

SUFFIX = ".epub"
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")  # no XML holds them
KINDS = {".xhtml": "application/xhtml+xml", ".svg": "image/svg+xml", ".webp": "image/webp"}


def write(volume: Volume, path: Path) -> None:
    """Write a volume to `path`."""
    texts: dict[str, bytes] = {}
    pictures: dict[str, bytes] = {}
    for page in volume.pages:
        name = f"{page.name}.xhtml"
        for formula in page.body.find_all(class_="katex"):
            formula.replace_with(formula.math)
        for link in page.body.find_all("a", {"data-page": True}):
            to = f"{link.attrs.pop('data-page')}.xhtml"
            link["href"] = f"{between(name, to)}#{quote(link.attrs.pop('data-id'))}"
        for node in page.body.find_all(src=True):
            file = unquote(node["src"])
            pictures[file] = (volume.html / file).read_bytes()
            node["src"] = between(name, file)
        texts[name] = xhtml(volume, name, page.title, str(page.body))
    cover = template("cover.xhtml").render(volume=volume)
    contents = template("nav.xhtml").render(entries=entries(volume), contents=said("Contents"))
    texts = {
        "cover.xhtml": xhtml(volume, "cover.xhtml", volume.named, cover),
        "nav.xhtml": xhtml(volume, "nav.xhtml", said("Contents"), contents),
    } | texts
    style = f"{(TEMPLATES / STYLE).read_text('utf-8')}\n{colours()}".encode()
    others = {"style.css": style, "cover.png": rasterize(volume.cover)}
    files = texts | others | dict(sorted(pictures.items()))
    package = template("content.opf").render(
        volume=volume, identifier=identifier(volume), texts=len(texts),
        modified=time.strftime("%Y-%m-%dT%H:%M:%SZ", moment()),
        files=[(quote(name), kind(name), properties(name, files[name])) for name in files],
    )  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:  # what it is comes first, and is not packed
        put(archive, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
        put(archive, "META-INF/container.xml", (TEMPLATES / "container.xml").read_bytes())
        put(archive, "content.opf", package.encode())
        for name, content in files.items():
            put(archive, name, content)


def put(
    archive: zipfile.ZipFile, name: str, content: bytes, how: int = zipfile.ZIP_DEFLATED
) -> None:
    entry = zipfile.ZipInfo(name, moment()[:6])  # not the time it is: the same file every time
    archive.writestr(entry, content, how)


def xhtml(volume: Volume, name: str, title: str, body: str) -> bytes:
    """A page; BookError if it holds what is no XHTML, as raw HTML in a source may."""
    style = between(name, "style.css")
    page = template("page.xhtml").render(volume=volume, title=title, style=style, body=body)
    page = UNSEEN.sub("", page)
    try:
        ElementTree.fromstring(page)
    except ElementTree.ParseError as error:
        line = page.splitlines()[error.position[0] - 1][:200]
        raise BookError(
            f"{name} would be no XHTML ({error}): {line}; mend the HTML there"
        ) from error
    return page.encode()


def entries(volume: Volume) -> list[tuple]:
    """The contents, as a tree: (title in HTML, address or "", what is below it)."""
    top: list[tuple] = []
    level = top
    for page in volume.pages:
        if part := volume.parts.get(page.name):
            level = []
            top.append((part, "", level))
        name = quote(f"{page.name}.xhtml")
        (first, title), *sections = page.headings
        below = [(words, f"{name}#{quote(one)}", []) for one, words in sections]
        level.append((title, f"{name}#{quote(first)}", below))
    return top


def between(name: str, to: str) -> str:
    """The address of a file of the book in another."""
    return quote(posixpath.relpath(to, posixpath.dirname(name) or "."))


def kind(name: str) -> str:
    """What a file is, as EPUB calls it."""
    suffix = posixpath.splitext(name)[1].lower()
    return KINDS.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def properties(name: str, content: bytes) -> str:
    """What readers have to know of a file before they open it."""
    found = {"nav.xhtml": ["nav"], "cover.png": ["cover-image"]}.get(name, [])
    if kind(name) == KINDS[".xhtml"]:
        found += [what for what, tag in (("mathml", b"<math"), ("svg", b"<svg")) if tag in content]
    return " ".join(found)


def identifier(volume: Volume) -> str:
    """The same for every edition of this book in this language with this backend."""
    book = volume.book
    words = [book.url or book.repository or book.title, volume.language.code, volume.backend.tag]
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(words)).urn
