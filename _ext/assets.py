"""Assets: what the theme sends along and no page needs stays out of the site.

The theme brings its icons twice, as a script of 1.5 MB and as fonts with thousands of signs. Pages
get the fonts alone, cut down to the icons that they show. Pictures load when they come into view,
so those of the tab that is not chosen never do; their sizes are known before, so nothing jumps.
"""

from __future__ import annotations

import io
import logging
import re
import shutil
from pathlib import Path

from docutils import nodes
from jinja2.ext import Extension
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.images import get_image_size

FONTS = "vendor/fontawesome/webfonts"
ICON_SCRIPT = re.compile(r"<script[^>]*fontawesome\.js[^>]*></script>")
ICON = re.compile(r"\bfa-([a-z0-9-]+)")
RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
SIGN = re.compile(r"\\(e[0-9a-f]{3}|f[0-9a-f]{3})\b|([\ue000-\uf8ff])")  # of the private use area
# the theme's folders and files that no page asks for
UNUSED = (
    "**/*.map",
    f"{FONTS}/*.ttf",
    "scripts/fontawesome.js*",
    "locales",
    "*webpack-macros.html",
    "searchtools.js",  # Sphinx's search; ours is in search.py
    "language_data.js",
    "sphinx_highlight.js",
)


def setup(app: Sphinx) -> None:
    app.add_post_transform(LoadWhenSeen)
    app.add_node(nodes.image, override=True, html=(visit_image, None))
    app.connect("builder-inited", leave_out_icon_script)
    app.connect("build-finished", cut_down)


class LoadWhenSeen(SphinxPostTransform):
    """Let pictures load when they come into view."""

    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for image in self.document.findall(nodes.image):
            image.setdefault("loading", "lazy")


def visit_image(self, node: nodes.image) -> None:
    """Write a picture with its file's width and height in pixels, for which Sphinx has no place."""
    size = get_image_size(str(Path(self.builder.srcdir, node["uri"])))
    type(self).visit_image(self, node)
    if size:
        tag = f'<img width="{size[0]}" height="{size[1]}" '
        self.body[-1] = self.body[-1].replace("<img ", tag, 1)


class WithoutIconScript(Extension):
    """Takes the script of icons out of the theme's templates."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return ICON_SCRIPT.sub("", source)


def leave_out_icon_script(app: Sphinx) -> None:
    if app.builder.format == "html":
        app.builder.templates.environment.add_extension(WithoutIconScript)


def cut_down(app: Sphinx, error: Exception | None) -> None:
    """Remove what no page asks for, and from the fonts the icons that none shows."""
    static = Path(app.outdir, "_static")
    if error or app.builder.format != "html" or not static.is_dir():
        return
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    signs = signs_used(Path(app.outdir))
    for font in (static / FONTS).glob("*.woff2"):
        font.write_bytes(subset(font, signs))


def signs_used(site: Path) -> set[int]:
    """Code points of the icons that pages, scripts and styles show, by name or by themselves."""
    files = [*site.rglob("*.html"), *site.glob("_static/**/*.js")]
    names = {name for file in files for name in ICON.findall(file.read_text(encoding="utf-8"))}
    signs = set()
    for file in site.glob("_static/**/*.css"):
        for selector, body in RULE.findall(file.read_text(encoding="utf-8")):
            classes = ICON.findall(selector)
            if not classes or names.intersection(classes):
                signs |= {int(code, 16) if code else ord(sign) for code, sign in SIGN.findall(body)}
    return signs


def subset(font: Path, signs: set[int]) -> bytes:
    """A font cut down to some signs, as WOFF2, the same bytes every time."""
    from fontTools.subset import Options, Subsetter  # late: it takes a third of a second
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools").setLevel(logging.WARNING)
    subsetter = Subsetter(Options(layout_features=[]))
    subsetter.populate(unicodes=signs)
    with TTFont(font, recalcTimestamp=False) as whole:
        subsetter.subset(whole)
        whole.flavor = "woff2"
        out = io.BytesIO()
        whole.save(out)
    return out.getvalue()
