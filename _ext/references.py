"""References: the ways back from a note or a reference to where it is cited, after its words.

docutils has them before: "[1](1,2) I. Goodfellow, …". Here it is "[1] I. Goodfellow, … ↩ 1 ↩ 2".
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from .words import said


def setup(app: Sphinx) -> None:
    app.add_post_transform(WaysBack)


class WaysBack(SphinxPostTransform):
    """Put a link for each place that cites a note at the end of the note."""

    default_priority = 700
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for note in self.document.findall(is_note):
            places, note["backrefs"] = note.get("backrefs", []), []
            paragraphs = [one for one in note.children if isinstance(one, nodes.paragraph)]
            if not places or not paragraphs:
                continue
            back = nodes.inline("", "", classes=["backrefs"])
            for number, place in enumerate(places, start=1):
                text = f"↩ {number}" if len(places) > 1 else "↩"
                back += nodes.Text(" ")
                back += nodes.reference(
                    "", text, refid=place, internal=True, reftitle=said("Back to the text")
                )
            paragraphs[-1] += back


def is_note(node: nodes.Node) -> bool:
    return isinstance(node, (nodes.footnote, nodes.citation))
