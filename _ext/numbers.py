"""Numbers: those of sections, figures and formulas, as Sphinx has counted them for the page."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.environment import BuildEnvironment

# environments that would number themselves, and what is the same without
ROWS = {"equation": "", "align": "aligned", "flalign": "aligned", "alignat": "alignedat",
        "gather": "gathered", "multline": "gathered"}  # fmt: skip


class Numbers:
    """The numbers on one page; each method answers "" where there is none."""

    def __init__(self, env: BuildEnvironment, docname: str):
        self.config, self.standard = env.config, env.get_domain("std")
        self.sections = env.toc_secnumbers.get(docname, {})
        self.counted = env.toc_fignumbers.get(docname, {})

    def section(self, title: nodes.title) -> str:
        """What stands before a heading: "2.1. "."""
        anchor = f"#{title.parent['ids'][0]}"
        number = self.sections.get(anchor if anchor in self.sections else "")  # "" is the page's
        return dotted(number) + self.config.html_secnumber_suffix if number else ""

    def label(self, node: nodes.Element) -> str:
        """The label of a figure, a table or a listing: "Figure 1.1"."""
        kind = self.standard.get_enumerable_node_type(node)
        number = self._count(kind, node)
        return self.config.numfig_format[kind] % number if number else ""

    def formula(self, node: nodes.math_block) -> str:
        """The number of a formula: "1.1"."""
        if self.config.math_numfig and self.config.numfig:
            return self._count("displaymath", node)
        return str(node.get("number") or "")

    def _count(self, kind: str | None, node: nodes.Element) -> str:
        return dotted(self.counted.get(kind, {}).get((node["ids"] or [""])[0], ()))


def dotted(number: tuple[int, ...]) -> str:
    return ".".join(map(str, number))


def unnumbered(tex: str) -> str:
    """A formula whose environments do not number themselves: Sphinx has counted it."""

    def plain(match: re.Match) -> str:
        name = ROWS.get(match[2], match[2])
        return f"\\{match[1]}{{{name}}}" if name else ""

    return re.sub(r"\\(begin|end)\{(\w+)\*?\}", plain, tex).strip()
