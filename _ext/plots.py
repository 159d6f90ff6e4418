"""Plots: the SVG that code cells show, in the page's font and colours and the edition's words.

An SVG can hold scripts, and would run them in the page: what is on no list here stops the build.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from .book import Book, read_text
from .drawings import rasterize, translate, words_of

KIND = "image/svg+xml"
NAMESPACE = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
ELEMENTS = {
    "svg", "g", "defs", "path", "use", "clipPath", "rect", "circle", "ellipse", "line", "polyline",
    "polygon", "text", "tspan", "image", "pattern", "marker", "linearGradient", "radialGradient",
    "stop",
}  # fmt: skip
SILENT = {"metadata", "title", "desc"}  # left out of pages
# the one style sheet that Matplotlib writes; on a page it would be the whole page's
STYLE = "*{stroke-linejoin: round; stroke-linecap: butt}"
UNSAFE = re.compile(r"url\(\s*['\"]?(?!['\"#])|javascript:|@import|expression\(|image-set\(", re.I)
LONG = re.compile(r"-?\d+\.\d{3,}")  # a hundredth of a point is nothing to see
INK, PAPER = "#000000", "#ffffff"
FONT = re.compile(r"font-family:[^;]*;?\s*")  # the page's is in its place


def setup(app: Sphinx) -> None:
    app.add_post_transform(InlinePlots)


def of(cell: NotebookNode) -> Iterator[NotebookNode]:
    """The data of a cell's outputs that are plots."""
    for output in cell.get("outputs", []):
        if KIND in output.get("data", {}):
            yield output.data


def words(book: Book) -> list[str]:
    """The words in the plots of all committed notebooks, which need a translation."""
    paths = [book.notebook(name, backend) for name in book.chapters() for backend in book.backends]
    cells = [cell for path in paths for cell in nbformat.read(path, as_version=4).cells]
    return [message for cell in cells for data in of(cell) for message in words_of(data[KIND])]


def speak(cell: NotebookNode) -> None:
    """Put a cell's plots into the words of the edition, and their PNG with them."""
    for data in of(cell):
        spoken = translate(data[KIND])
        if spoken != data[KIND]:
            data[KIND] = spoken
            if "image/png" in data:
                data["image/png"] = base64.b64encode(rasterize(spoken, zoom=1)).decode()


def refused(svg: str) -> str:
    """What an SVG has that no page can show safely, in words; "" if there is nothing."""
    if "<!ENTITY" in svg:
        return "an <!ENTITY>"
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        return f"a mistake: it is no XML ({error})"
    found = []
    for node in root.iter():
        name = str(node.tag).removeprefix(NAMESPACE)
        if name in SILENT:
            node.clear()
        elif name == "style":
            found += [] if (node.text or "").strip() == STYLE else ["a <style> of its own"]
        elif name not in ELEMENTS:
            found.append(f"<{name.rpartition('}')[2]}>")
        for key, value in node.attrib.items():
            here = key in (HREF, "href")
            inside = re.match(r"#|data:image/(png|jpeg);base64,", value.strip())
            if key.lower().startswith("on") or UNSAFE.search(value) or (here and not inside):
                found.append(f'{key.rpartition("}")[2]}="{value[:40]}"')
    return ", ".join(dict.fromkeys(found))


class InlinePlots(SphinxPostTransform):
    """Put plots into the page itself: there they have its font, and its colours by day and night.

    They must be safe, as those of committed notebooks are (see committed).
    """

    default_priority = 20  # after MyST-NB has chosen what to show, before drawings are translated
    formats = ("html",)

    def run(self, **kwargs) -> None:
        images = [i for i in self.document.findall(nodes.image) if i["uri"].endswith(".svg")]
        plots = [image for image in images if _is_output(image)]
        for number, image in enumerate(plots, start=1):
            page = re.sub(r"\W", "-", self.env.docname)
            svg = translate(read_text(Path(self.env.srcdir, image["uri"])))
            html = inline(svg, image.get("alt", ""), f"{page}-plot-{number}-")
            image.replace_self(nodes.raw("", html, format="html"))


def _is_output(node: nodes.Node) -> bool:
    while node is not None and node.get("nb_element") != "cell_code_output":
        node = node.parent
    return node is not None


def inline(svg: str, alt: str, prefix: str) -> str:
    """An SVG as part of a page; `prefix` makes its ids the only ones of their kind there.

    Black becomes the colour of the page's text, and white its ground.
    """
    ElementTree.register_namespace("", NAMESPACE[1:-1])
    root = ElementTree.fromstring(svg)
    used = set(re.findall(r'(?:url\(|href=")#([\w.-]+)', svg))
    for parent in root.iter():
        for child in list(parent):
            if child.tag.removeprefix(NAMESPACE) in {*SILENT, "style"}:
                parent.remove(child)
    for node in root.iter():
        node.text, node.tail = _bare(node, node.text), None if _is_space(node.tail) else node.tail
        for key, value in list(node.attrib.items()):
            del node.attrib[key]
            if key == "id":
                value = prefix + value if value in used else ""
            elif key in (HREF, "href") and value.startswith("#"):
                value = f"#{prefix}{value[1:]}"
            elif key == "style":
                value = FONT.sub("", value).replace(f"stroke: {INK}", "stroke: currentColor")
                value = value.replace(f"fill: {INK}", "fill: currentColor")
                value = value.replace(f"fill: {PAPER}", "fill: none").rstrip("; ")
            elif key in ("d", "x", "y", "transform") and "matrix" not in value:
                value = LONG.sub(lambda m: f"{float(m[0]):.2f}", " ".join(value.split()))
            value = re.sub(r"url\(#", f"url(#{prefix}", value)
            if value:
                node.set("href" if key == HREF else key, value)
    root.attrib |= {
        "class": "plot", "role": "img", "aria-label": " ".join(alt.split()),
        "fill": "currentColor", "stroke-linejoin": "round",
    }  # fmt: skip
    return ElementTree.tostring(root, encoding="unicode")


def _bare(node: ElementTree.Element, text: str | None) -> str | None:
    """The text in an element; the spaces that only lay the file out are left away."""
    return None if _is_space(text) and not node.tag.endswith(("text", "tspan")) else text


def _is_space(text: str | None) -> bool:
    return not (text or "").strip()
