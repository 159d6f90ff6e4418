"""Anchors: every heading's address speaks, and stays: `#training`, the same in all languages.

docutils makes ids of headings, but gives `id5` to one whose words are taken or are in no Latin
letters, and counts anew when something is cited before it. Here such a heading takes the words of
the heading above it as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


def setup(app: Sphinx) -> None:
    app.add_transform(Anchors)


class Anchors(SphinxTransform):
    """Give every section its id, from its heading in the language of the source."""

    default_priority = 9  # before Sphinx puts translations in, and before anybody refers to ids

    def apply(self, **kwargs) -> None:
        ids, sections = self.document.ids, list(self.document.findall(nodes.section))
        targets = [own_target(section) for section in sections]
        for section in sections:
            ids.pop(section["ids"][0], None)
        anchors: dict[str, str] = {}
        for section, target in zip(sections, targets, strict=True):
            anchor = next(
                one for one in candidates(section)
                if one not in ids or ids[one] is target
            )  # fmt: skip
            anchors[section["ids"][0]] = anchor
            section["ids"] = [anchor]
            ids[anchor] = section
            if target is not None and not speaks(target, anchor):
                anchors[target["ids"][0]] = anchor
                section["names"] += target["names"]
                target.parent.remove(target)
        names = self.document.nameids
        names |= {name: anchors.get(one, one) for name, one in names.items()}
        slugs = getattr(self.document, "myst_slugs", {})  # MyST's own table of headings
        slugs |= {slug: (line, anchors.get(one, one), title)
                  for slug, (line, one, title) in slugs.items()}  # fmt: skip


def own_target(section: nodes.section) -> nodes.target | None:
    """The target that was written above a heading, if there is one: it ends what stands before."""
    at = section.parent.index(section)
    before = section.parent[at - 1] if at else None
    while isinstance(before, nodes.section):
        before = before[-1]
    return before if isinstance(before, nodes.target) and before["ids"] else None


def speaks(target: nodes.target, anchor: str) -> bool:
    """Whether a target gives its heading another address; not if it has the same, or `id5`."""
    return target["ids"][0] in map(nodes.make_id, target["names"]) and target["ids"][0] != anchor


def candidates(section: nodes.section) -> Iterator[str]:
    """What a section may be called: its heading; with more and more of those above; counted."""
    anchor = slug(section)
    yield anchor
    above = section.parent
    while isinstance(above, nodes.section):
        anchor = f"{slug(above)}-{anchor}"
        yield anchor
        above = above.parent
    number = 2
    while True:
        yield f"{anchor}-{number}"
        number += 1


def slug(section: nodes.section) -> str:
    """A heading as docutils makes an id of it; in letters of its own script if it has no Latin."""
    words = section.next_node(nodes.title).astext()
    return nodes.make_id(words) or "-".join(re.findall(r"\w+", words.lower())) or "section"
