"""Figures: a picture that code draws gets its caption and its number.

A paragraph `{#fig-name .caption}` right below a code cell is the caption of its last picture: of
each backend's, if the cell has tabs. Numbers count drawings and these together. In the doctree, the
figure holds the cell or the tabs, and the caption; a page has the caption at the picture itself.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import get_node_line

from .book import BookError
from .tabs import is_code_cell, is_component


def setup(app: Sphinx) -> None:
    app.add_transform(Captions)
    app.add_post_transform(CaptionsAtPictures)
    app.connect("env-get-updated", number_tabs, priority=900)  # after Sphinx has counted


class Captions(SphinxTransform):
    """Make a figure of each cell, or its tabs, with the caption below."""

    default_priority = 510  # when neighbouring cells are tabs

    def apply(self) -> None:
        if self.document["source"].endswith("<translated>"):
            return
        for paragraph in list(self.document.findall(nodes.paragraph)):
            if "caption" not in paragraph["classes"]:
                continue
            at = paragraph.parent.index(paragraph)
            cell = paragraph.parent[at - 1] if at else None
            if cell is None or not any(map(is_code_cell, cell.findall())):
                where = f"{self.env.docname}.md, line {get_node_line(paragraph)}"
                raise BookError(
                    f"{where}: a caption stands right below the code cell that draws; this one is "
                    f"below {'nothing' if cell is None else cell.tagname}: move it, or take "
                    "`.caption` away"
                )
            caption = nodes.caption(paragraph.rawsource, "", *paragraph.children)
            caption.source, caption.line = paragraph.source, paragraph.line
            caption["classes"] = [name for name in paragraph["classes"] if name != "caption"]
            caption["translated"] = paragraph.get("translated", False)
            figure = nodes.figure("", names=paragraph["names"], ids=paragraph["ids"])
            figure.source, figure.line = paragraph.source, paragraph.line
            for name in figure["ids"]:
                self.document.ids[name] = figure
            self.document.set_id(figure)
            paragraph.parent.remove(paragraph)
            cell.replace_self(figure)
            figure += [cell, caption]


def is_plot(node: nodes.Node) -> bool:
    """Whether a node is a figure that code draws."""
    return isinstance(node, nodes.figure) and isinstance(node[0], nodes.container)


def number_tabs(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give each backend's picture the number of its figure."""
    for numbers in env.toc_fignumbers.values():
        figures = numbers.get("figure", {})
        for name, number in list(figures.items()):
            figures |= {f"{name}-{backend['tag']}": number for backend in app.config.backends}
    return []


class CaptionsAtPictures(SphinxPostTransform):
    """Move each caption to its picture: above what the cell prints later, and into every tab."""

    default_priority = 10  # after MyST-NB has chosen what to show
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for figure in list(self.document.findall(is_plot)):
            shown, caption = figure.children
            parts = {"": shown}
            if is_component(shown, "tab-set"):
                shown["ids"] = figure["ids"]
                parts = {f"-{label['sync_id']}": body for label, body in shown.children}
            figure.replace_self(shown)
            for suffix, part in parts.items():
                images = list(part.findall(nodes.image))
                if not images and self.config.show_outputs:
                    raise BookError(
                        f"{self.env.docname}.md, line {figure.line}: a caption without a picture: "
                        "the cell above it draws none" + (f" for {suffix[1:]}" if suffix else "")
                    )
                for image in images[-1:]:
                    own = nodes.figure("", ids=[name + suffix for name in figure["ids"]])
                    image.replace_self(own)
                    own += [image, caption.deepcopy()]
