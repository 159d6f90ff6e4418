"""Drawings: SVG in the words of the edition, and PNG of it, because notebooks attach no SVG."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape
from pathlib import Path

import resvg_py
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from .book import Book, read_text
from .files import write
from .words import said

# DejaVu Sans, cut down to Latin letters, Greek and mathematical signs: the same on every machine
FONTS = Path(__file__).parent / "fonts"
WORDS = re.compile(r"(?<=>)[^<>\n]*[a-z]{3}[^<>\n]*(?=</t(?:ext|span)>)")


def setup(app: Sphinx) -> None:
    app.add_post_transform(TranslateDrawings)


class TranslateDrawings(SphinxPostTransform):
    """Show each drawing in the words of the edition, where the catalog has any for it."""

    default_priority = 150  # when pages know their pictures, before writers ask for them

    def run(self, **kwargs) -> None:
        for image in self.document.findall(nodes.image):
            drawing = Path(self.env.srcdir, image["uri"])
            if drawing.suffix != ".svg" or not drawing.is_file():
                continue
            english = read_text(drawing)
            spoken = translate(english)
            if spoken == english:
                continue
            copy = Path(self.app.doctreedir, "drawings", image["uri"])
            copy = copy.with_name(f"{copy.stem}.{self.config.language}.svg")
            copy.parent.mkdir(parents=True, exist_ok=True)
            write(copy, spoken)
            self.env.images[str(copy)] = self.env.images[image["uri"]]  # pages have it by that name
            image["candidates"] = {"*": str(copy)}
            image["uri"] = str(copy)


def words_of(book: Book) -> list[str]:
    """The words in all drawings of the book, which need a translation."""
    drawings = [path for path in book.files() if path.suffix == ".svg"]
    return [unescape(words) for path in drawings for words in WORDS.findall(read_text(path))]


def translate(drawing: str) -> str:
    """A drawing (the text of an SVG) in the words of the edition that is being built."""
    return WORDS.sub(lambda match: escape(said(unescape(match[0]))), drawing)


def rasterize(drawing: Path) -> bytes:
    """An SVG as PNG at double density, the same bytes on every machine."""
    return png(read_text(drawing))


@lru_cache
def png(svg: str, zoom: int = 2) -> bytes:
    """The text of an SVG as PNG, so many times as large as it says."""
    # resvg: one small wheel, and it brings its own font engine. CairoSVG needs system libraries,
    # a browser is not there where books are built.
    font = "DejaVu Sans"
    return bytes(resvg_py.svg_to_bytes(
        svg_string=svg, zoom=zoom, skip_system_fonts=True, font_dirs=[str(FONTS)],
        font_family=font, sans_serif_family=font,
    ))  # fmt: skip
