"""Drawings: SVG in the words of the edition, and PNG of it, because notebooks attach no SVG.

Plots are SVG as well, in the outputs of cells (see plots); their words are translated here too.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape
from pathlib import Path

import resvg_py
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from .book import read_text
from .files import write
from .words import NUMBER, number, said

# DejaVu Sans, cut down to Latin letters, Greek and mathematical signs: the same on every machine
FONTS = Path(__file__).parent / "fonts"
TEXT = re.compile(r"(?<=>)[^<>\n]+(?=</t(?:ext|span)>)")
WORDS = re.compile("[a-z]{3}")


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


def words_of(svg: str) -> list[str]:
    """The messages in an SVG, which need a translation."""
    texts = [unescape(text) for text in TEXT.findall(svg) if WORDS.search(text)]
    return [NUMBER.sub("{n}", text) for text in texts]


def translate(svg: str) -> str:
    """An SVG in the words of the edition that is being built, with numbers as it writes them."""

    def spoken(match: re.Match) -> str:
        text = unescape(match[0])
        numbers = map(number, NUMBER.finditer(text))
        message = NUMBER.sub("{n}", text)
        message = said(message) if WORDS.search(message) else message
        return escape(re.sub(r"\{n\}", lambda _: next(numbers), message), quote=False)

    return TEXT.sub(spoken, svg)


@lru_cache
def rasterize(svg: str, zoom: int = 2) -> bytes:
    """An SVG as PNG, at double density if not told otherwise; the same bytes on every machine."""
    # resvg: one small wheel, and it brings its own font engine. CairoSVG needs system libraries,
    # a browser is not there where books are built.
    font = "DejaVu Sans"
    return bytes(resvg_py.svg_to_bytes(
        svg_string=svg, zoom=zoom, dpi=96, skip_system_fonts=True, font_dirs=[str(FONTS)],
        font_family=font, sans_serif_family=font,
    ))  # fmt: skip
