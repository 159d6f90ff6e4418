"""Inline: a sentence of a doctree as Markdown. Its words are text, not markup: they are escaped."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import get_node_line, get_node_source

from .book import BookError, read_text
from .drawings import rasterize
from .numbers import Numbers

MIME = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}
HIDDEN = (
    nodes.comment, nodes.target, nodes.substitution_definition, nodes.meta, nodes.colspec,
    addnodes.index, addnodes.tabular_col_spec, addnodes.highlightlang,
)  # fmt: skip
# What would begin markup. `_` inside a word, and `<` before a space, are what they are.
MARKUP = re.compile(r"[*`\[\]$~]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|!$")
EMPHASIS = (nodes.emphasis, nodes.strong)


class Inline:
    """Writes inline nodes for one backend; BookError, with file and line, at what it cannot."""

    def __init__(self, env: BuildEnvironment, docname: str, backend: str):
        self.env, self.docname, self.backend = env, docname, backend
        self.numbers = Numbers(env, docname)
        self.in_html = self.in_table = False  # where Markdown means nothing; where | ends a cell
        self.attachments: dict[str, dict[str, str]] = {}  # of the present cell

    def write(self, node: nodes.Node) -> str:
        """A node as Markdown, by the method `_<class>` of its class or the nearest base class."""
        if isinstance(node, HIDDEN):
            return ""
        for kind in type(node).__mro__:
            method: Callable[[nodes.Node], str] | None = getattr(self, f"_{kind.__name__}", None)
            if method:
                return method(node)
        raise self.error(node, f"notebooks cannot show a <{type(node).__name__}> yet")

    def error(self, node: nodes.Node, what: str) -> BookError:
        source, line = get_node_source(node) or self.env.doc2path(self.docname), get_node_line(node)
        where = f"{source}, line {line}" if line else source
        return BookError(
            f"{where}: {what}; write it in another way, or teach it to _ext/markdown.py"
        )

    def inline(self, parent: nodes.Element) -> str:
        """What stands in a node, in a row."""
        return "".join(self.write(child) for child in parent.children)

    _inline = _pending_xref = _PassthroughTextElement = _centered = _label = inline

    def line(self, node: nodes.Element) -> str:
        """What stands in a node, in one line, as headings and the cells of tables need it."""
        return " ".join(self.inline(node).split())

    def html_line(self, node: nodes.Element) -> str:
        """The same in HTML, for places where readers of notebooks know no Markdown."""
        self.in_html = True
        text = self.line(node)
        self.in_html = False
        return text

    def _Text(self, node: nodes.Text) -> str:
        if self.in_html:
            return html.escape(node, quote=False)
        return escape(node)

    def _emphasis(self, node: nodes.Element) -> str:
        return self._marked("*", "em", node)

    _title_reference = _emphasis

    def _strong(self, node: nodes.Element) -> str:
        return self._marked("**", "strong", node)

    def _marked(self, mark: str, tag: str, node: nodes.Element) -> str:
        """Marks around words; tags where the neighbours would keep marks from being understood."""
        text, siblings = self.inline(node), node.parent.children
        at = next(i for i, sibling in enumerate(siblings) if sibling is node)
        near = siblings[max(0, at - 1) : at] + siblings[at + 1 : at + 2]
        before, after = _words(siblings, at - 1)[-1:], _words(siblings, at + 1)[:1]
        unclear = (
            self.in_html or not text or "*" in text.replace("\\*", "")
            or text[0].isspace() or text[-1].isspace()
            or (before.isalnum() and not text[0].isalnum())
            or (after.isalnum() and not text[-1].isalnum())
            or any(isinstance(one, EMPHASIS) for one in near)
        )  # fmt: skip
        return f"<{tag}>{text}</{tag}>" if unclear else f"{mark}{text}{mark}"

    def _subscript(self, node: nodes.Element) -> str:
        return f"<sub>{self.inline(node)}</sub>"

    def _superscript(self, node: nodes.Element) -> str:
        return f"<sup>{self.inline(node)}</sup>"

    def _abbreviation(self, node: nodes.Element) -> str:
        return (
            f'<abbr title="{html.escape(node.get("explanation", ""))}">{self.inline(node)}</abbr>'
        )

    def _literal(self, node: nodes.Element) -> str:
        text = " ".join(node.astext().split("\n"))
        if self.in_html:
            return f"<code>{html.escape(text, quote=False)}</code>"
        ticks = "`" * (1 + longest_run(text))
        space = " " if "`" in (text[:1], text[-1:]) or text != text.strip() else ""
        text = text.replace("|", "\\|") if self.in_table else text
        return f"{ticks}{space}{text}{space}{ticks}"

    def _math(self, node: nodes.Element) -> str:
        formula = " ".join(node.astext().split())
        if self.in_table:
            formula = formula.replace("\\|", "\\Vert ").replace("|", "\\vert ")
        return f"${html.escape(formula, quote=False) if self.in_html else formula}$"

    def _reference(self, node: nodes.Element) -> str:
        text, target = self.inline(node), node.get("refuri", "")
        if not re.match(r"(https?|ftp|mailto):", target):
            return text  # to the book itself, and nothing says where it is published
        if self.in_html:
            return f'<a href="{html.escape(target)}">{text}</a>'
        return f"<{target}>" if node.astext() == target else f"[{text}](<{target}>)"

    def _footnote_reference(self, node: nodes.Element) -> str:
        return f"<sup>\\[{self.inline(node)}\\]</sup>"

    def _raw(self, node: nodes.Element) -> str:
        shown = "html" in node["format"].split() and not node.astext().lstrip().startswith(
            "<script"
        )
        return node.astext() if shown else ""

    def _image(self, node: nodes.Element) -> str:
        alt, source = escape(" ".join(node.get("alt", "").split())), node["uri"]
        if not re.match(r"(https?|data):", source):
            source = "attachment:" + self._attach(Path(self.env.srcdir, source), node)
        return f"![{alt}]({source})"

    def _attach(self, path: Path, node: nodes.Element) -> str:
        """Attach a picture to the cell; its name there. Few readers show SVG: it becomes PNG."""
        name = re.sub(r"[^\w.-]", "-", path.name)
        try:
            if path.suffix == ".svg":
                name, content = name.removesuffix(".svg") + ".png", rasterize(read_text(path))
            else:
                _, content = MIME[path.suffix.lower()], path.read_bytes()
        except (OSError, KeyError, ValueError, BookError) as error:
            known = ", ".join([".svg", *MIME])
            raise self.error(
                node, f"cannot show {path.name} ({error}), expected {known}"
            ) from error
        picture = {MIME[Path(name).suffix.lower()]: base64.b64encode(content).decode()}
        while self.attachments.get(name, picture) != picture:
            name = f"another-{name}"
        self.attachments[name] = picture
        return name


def escape(text: str) -> str:
    """Text as Markdown that says the same. (`\\\\(` would begin a formula in Jupyter.)"""
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text).replace("\\", "&#92;")
    return MARKUP.sub(lambda match: "\\" + match[0], text)


def _words(siblings: list[nodes.Node], at: int) -> str:
    """The words of a sibling if they are next to its neighbours without a mark between them."""
    text = 0 <= at < len(siblings) and isinstance(siblings[at], (nodes.Text, nodes.inline))
    return siblings[at].astext() if text else ""


def longest_run(text: str) -> int:
    """How many backticks stand in a row."""
    return max((len(run) for run in re.findall("`+", text)), default=0)
