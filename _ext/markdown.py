"""Markdown: a page's doctree as Markdown that any notebook reader can show.

It is the doctree that the page is made of: numbers, references, citations and translations are in
it already. (Our own writer, because sphinx-markdown-builder knows no cells, attached pictures,
dropdowns or tabs, and goes on with a warning where it does not know a node.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from docutils import nodes
from sphinx.locale import admonitionlabels

from .inline import HIDDEN, Inline, longest_run
from .numbers import unnumbered

LINE_START = re.compile(r"^(?:#+(?=\s|$)|>|[-+](?=\s|$)|[-=]+$|\d+(?=[.)](?:\s|$)))", re.MULTILINE)


class Markdown(Inline):
    """Writes one page for one backend; BookError, with file and line, at what it cannot."""

    depth = 0  # of sections

    def cells(self, document: nodes.document) -> Iterator[tuple[str, dict] | nodes.Element]:
        """The page in order: each code cell's node, and what stands between as (text, pictures)."""
        blocks: list[str] = []
        for node in [*self._unfolded(document), None]:
            if isinstance(node, str) or (node is not None and not is_code_cell(node)):
                blocks.append(node if isinstance(node, str) else self.write(node))
                continue
            if text := join(blocks):
                yield text, self.attachments
            blocks, self.attachments = [], {}
            if node is not None:
                yield node

    def _unfolded(self, parent: nodes.Element) -> Iterator[nodes.Node | str]:
        """Headings, what stands under them, and the code cells in this backend's tabs, in a row."""
        for node in parent.children:
            if isinstance(node, nodes.section):
                self.depth += 1
                yield from self._unfolded(node)
                self.depth -= 1
            elif isinstance(node, nodes.title):
                yield "#" * min(self.depth, 6) + f" {self.numbers.section(node)}{self.line(node)}"
            elif is_component(node, "tab-set") and any(map(is_code_cell, node.findall())):
                yield from (cell for _, body in self._tabs(node) for cell in body.children)
            else:
                yield node

    def _tabs(self, tab_set: nodes.Element) -> list[tuple[nodes.Element, nodes.Element]]:
        """Label and content of the tabs that a notebook shows: its backend's, or all others."""
        tabs = [(item[0], item[1]) for item in tab_set.children]
        backends = [tab for tab in tabs if tab[0].get("sync_group") == "backend"]
        return [tab for tab in backends if tab[0]["sync_id"] == self.backend] if backends else tabs

    def blocks(self, parent: nodes.Element) -> str:
        """The blocks in a node; inline nodes without a paragraph around them make one."""
        shown = [child for child in parent.children if not isinstance(child, HIDDEN)]
        if any(isinstance(child, (nodes.Inline, nodes.Text)) for child in shown):
            return self._paragraph(parent)
        return join(self.write(child) for child in shown)

    def _paragraph(self, node: nodes.Element) -> str:
        text = "\n".join(line.strip() for line in self.inline(node).split("\n"))
        if "caption" in node.get("classes", []):
            return f"<em>{text}</em>" if "*" in text else f"*{text}*"
        return LINE_START.sub(lambda m: m[0] + "\\" if m[0].isdigit() else "\\" + m[0], text)

    _compact_paragraph = _caption = _line = _paragraph

    def _container(self, node: nodes.Element) -> str:
        if is_component(node, "tab-set"):
            return join(self._tab(label, body) for label, body in self._tabs(node))
        if is_component(node, "dropdown"):
            return self._dropdown(node)
        if node.get("literal_block"):  # a listing with a caption
            return join([self._caption_of(node), self.write(node[-1])])
        return self.blocks(node)

    _compound = _definition_list_item = _glossary = _legend = _hlist = _hlistcol = _container
    _acks = _only = _bibliography = _versionmodified = _field = _container

    def _tab(self, label: nodes.Element, body: nodes.Element) -> str:
        mine = label.get("sync_group") == "backend"  # then it is the only one, and needs no label
        return join([] if mine else [self._rubric(label)]) + "\n\n" + self.blocks(body)

    def _dropdown(self, node: nodes.Element) -> str:
        title, *body = node.children if node["has_title"] else [None, *node.children]
        summary = self.html_line(title) if title else "&nbsp;"
        tag = "<details open>" if node.get("opened") else "<details>"
        content = join(map(self.write, body))
        return f"{tag}<summary>{summary}</summary>\n\n{content}\n\n</details>"

    def _rubric(self, node: nodes.Element) -> str:
        text = self.line(node)
        return f"<strong>{text}</strong>" if "*" in text else f"**{text}**"

    def _quote(self, title: str, parts: Iterable[nodes.Node]) -> str:
        text = join([f"**{title}**" if title else "", *map(self.write, parts)])
        return prefixed(text, "> ", ">")

    def _Admonition(self, node: nodes.Element) -> str:
        name = type(node).__name__
        if name in admonitionlabels:
            return self._quote(str(admonitionlabels[name]), node.children)
        if isinstance(node, nodes.admonition):
            return self._sidebar(node)
        raise self.error(node, f"notebooks cannot show a <{name}> yet")

    def _sidebar(self, node: nodes.Element) -> str:
        titled = bool(node.children) and isinstance(node[0], nodes.title)
        return self._quote(self.line(node[0]) if titled else "", node.children[titled:])

    _topic = _sidebar

    def _block_quote(self, node: nodes.Element) -> str:
        return self._quote("", node.children)

    def _attribution(self, node: nodes.Element) -> str:
        return f"—{self.inline(node)}"

    def _bullet_list(self, node: nodes.Element) -> str:
        return self._list(node, ["- "] * len(node))

    def _enumerated_list(self, node: nodes.Element) -> str:
        return self._list(node, [f"{node.get('start', 1) + i}. " for i in range(len(node))])

    def _list(self, node: nodes.Element, markers: list[str]) -> str:
        items = [
            marker + prefixed(self.blocks(item), " " * len(marker), "")[len(marker) :]
            for marker, item in zip(markers, node.children, strict=True)
        ]
        return ("\n\n" if any("\n\n" in item for item in items) else "\n").join(items)

    def _definition_list(self, node: nodes.Element) -> str:
        return tagged("dl", join(map(self.write, node.children)))

    _field_list = _definition_list

    def _term(self, node: nodes.Element) -> str:
        return f"<dt>{self.html_line(node)}</dt>"

    def _field_name(self, node: nodes.Element) -> str:
        return f"<dt>{self.html_line(node)}:</dt>"

    def _definition(self, node: nodes.Element) -> str:
        return tagged("dd", self.blocks(node))

    _field_body = _definition

    def _line_block(self, node: nodes.Element) -> str:
        return "<br>\n".join(map(self.write, node.children))

    def _transition(self, node: nodes.Element) -> str:
        return "---"

    def _literal_block(self, node: nodes.Element) -> str:
        code, name = node.astext().rstrip("\n"), node.get("language", "")
        fence = "`" * max(3, 1 + longest_run(code))
        name = {"default": "", "none": "", "ipython3": "python"}.get(name, name)
        return f"{fence}{name}\n{code}\n{fence}"

    _doctest_block = _literal_block

    def _math_block(self, node: nodes.Element) -> str:
        formula, number = node.astext().strip(), self.numbers.formula(node)
        if number:
            formula = f"{unnumbered(formula)} \\tag{{{number}}}"
        return f"$$\n{formula}\n$$"

    def _figure(self, node: nodes.Element) -> str:
        image, *rest = (c for c in node.children if not isinstance(c, nodes.caption))
        return join([self.write(image), self._caption_of(node), *map(self.write, rest)])

    def _caption_of(self, node: nodes.Element) -> str:
        """The caption or the title of a figure, a table or a listing, with its number."""
        words = [c for c in node.children if isinstance(c, (nodes.caption, nodes.title))]
        number, text = self.numbers.label(node), join(map(self._paragraph, words))
        return f"**{number}** {text}".strip() if number else text

    def _table(self, node: nodes.Element) -> str:
        rows = list(node.findall(nodes.row))
        simple = rows and isinstance(rows[0].parent, nodes.thead) and all(
            not {"morecols", "morerows"}.intersection(entry.attributes)
            and [type(child) for child in entry.children] in ([], [nodes.paragraph])
            for row in rows for entry in row.children
        )  # fmt: skip
        if not simple:
            return join([self._caption_of(node), tagged("table", join(map(self._html_row, rows)))])
        self.in_table = True
        lines = [f"| {' | '.join(map(self._cell, row.children))} |" for row in rows]
        self.in_table = False
        lines.insert(1, "|---" * len(rows[0]) + "|")
        return join([self._caption_of(node), "\n".join(lines)])

    def _cell(self, entry: nodes.Element) -> str:
        text = " ".join(self.line(paragraph) for paragraph in entry.children)
        return re.sub(r"(?<!\\)\|", r"\\|", text)

    def _html_row(self, row: nodes.Element) -> str:
        name = "th" if isinstance(row.parent, nodes.thead) else "td"
        spans = {"morecols": "colspan", "morerows": "rowspan"}
        cells = [
            tagged(name, self.blocks(entry), "".join(f' {html}="{1 + entry[key]}"'
                   for key, html in spans.items() if key in entry))
            for entry in row.children
        ]  # fmt: skip
        return tagged("tr", join(cells))

    def _footnote(self, node: nodes.Element) -> str:
        label, *body = node.children
        return f"\\[{self.inline(label)}\\] {join(map(self.write, body))}"

    _citation = _footnote


def is_code_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def is_component(node: nodes.Node, name: str) -> bool:
    """Whether a node is a sphinx-design component of that name."""
    return isinstance(node, nodes.container) and node.get("design_component") == name


def join(blocks: Iterable[str]) -> str:
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip())


def tagged(tag: str, blocks: str, attributes: str = "") -> str:
    """Blocks of Markdown inside an HTML element: the empty lines make it Markdown again."""
    return f"<{tag}{attributes}>\n\n{blocks}\n\n</{tag}>"


def prefixed(text: str, prefix: str, empty: str) -> str:
    """Every line of `text` with a prefix; empty lines get another one."""
    return "\n".join(prefix + line if line else empty for line in text.split("\n"))
