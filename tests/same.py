"""What a page and a notebook say: read independently of the engine, to be compared.

Each becomes a list of what a reader meets, in order: words, formulas, numbers of formulas, pictures
with their alternative texts, and links that leave the book.
"""

import re
from collections import Counter

from bs4 import BeautifulSoup, NavigableString
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

SILENT = (
    ".headerlink, .launch, .cell, script, style, svg, .backrefs, .sd-tab-set > input, "
    ".visually-hidden"
)
# environments that number themselves on a page, and what Sphinx and notebooks wrap formulas in
WRAPPING = re.compile(
    r"\\(?:begin|end)\{(?:split|aligned|gathered|alignedat|equation|align|gather|multline|alignat)"
    r"\*?\}"
)

FUNCTIONS = set(
    ["arg", "cos", "det", "exp", "inf", "lim", "ln", "log", "max", "min", "sin", "sup", "tan"]
)


def of_page(html: str, backend: str) -> list[str]:
    """What a page's article says to readers who chose `backend`, but for code and its outputs."""
    article = BeautifulSoup(html, "html.parser").select_one("article")
    for label in article.select("label[data-sync-group=backend]"):
        if label["data-sync-id"] != backend:
            label.find_next_sibling("div").decompose()
        label.decompose()
    for cell in article.select(".cell"):
        cell.insert_after(*cell.select("figcaption"))  # a notebook has them below the cell
    for node in article.select(SILENT):
        node.decompose()
    for formula in article.select(".math"):
        number = formula.select_one(".eqno")
        number = f" {number.extract().text.strip()}" if number else ""
        tex = formula.select_one("annotation").text
        assert letters(formula.select_one(".katex-html").text) == letters(of_tex(tex)), tex
        formula.replace_with(f" {_formula(tex)}{number} ")
    return list(_said(article))


def of_notebook(notebook) -> list[str]:
    """What the Markdown cells of a notebook say."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, double_inline=True)
    parser.add_render_rule("math_inline", lambda r, tokens, i, *_: _hold(tokens[i].content))
    parser.add_render_rule("math_block", lambda r, tokens, i, *_: _hold(tokens[i].content))
    said = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            page = BeautifulSoup(parser.render(cell.source), "html.parser")
            for image in page.select("img[src^='attachment:']"):
                assert image["src"].removeprefix("attachment:") in cell.attachments, image["src"]
            for formula in page.select("x-math"):
                formula.replace_with(f" {_formula(formula['tex'])} ")
            for node in page.find_all(string=lambda text: "$" in text):
                if not node.find_parent(["summary", "dt"]):
                    continue
                node.replace_with(re.sub(r"\$([^$]+)\$", lambda m: _formula(m[1]), node))
            for block in page.select("pre"):
                block.insert_before(" ")
            said += _said(page)
    return said


def letters(text: str) -> Counter:
    """The Latin letters and the digits in a text: what a formula shows, in whatever order."""
    return Counter(re.findall("[A-Za-z0-9]", text))


def of_tex(tex: str) -> str:
    """TeX without its commands, but for functions, whose names are shown."""
    tex = re.sub(r"\\(?:begin|end)\{\w+\*?\}", " ", tex)
    return re.sub(r"\\([A-Za-z]+)", lambda m: m[1] if m[1] in FUNCTIONS else " ", tex)


def _hold(tex: str) -> str:
    tag = BeautifulSoup("", "html.parser").new_tag("x-math", tex=tex)
    return str(tag)


def _formula(tex: str) -> str:
    """A formula without wrapping and spaces, in the same form from both."""
    number = re.search(r"\\tag\{([\d.]+)\}", tex)
    tex = WRAPPING.sub("", re.sub(r"\\tag\{[\d.]+\}", "", tex))
    tex = tex.replace("\\Vert ", "\\|").replace("\\vert ", "|").replace("&amp;", "&")
    bare = re.sub(r"[\s]|(?<!\\)&|\\\\", "", tex)
    return f"⟦{bare}⟧" + (f" ({number[1]})" if number else "")


def _said(root) -> list[str]:
    text = []
    for node in root.descendants:
        if isinstance(node, NavigableString) and type(node) is NavigableString:
            text.append(str(node))
        elif node.name == "img":
            stem = re.sub(
                r"(^another-|\d*)(\.\w+)*$", "", node["src"].split("/")[-1].split(":")[-1]
            )
            text.append(f" ⟨picture {stem}: {' '.join(node.get('alt', '').split())}⟩ ")
        elif node.name == "a" and re.match("https?:|mailto:", node.get("href", "")):
            text.append(f"⟨{node['href']}⟩")
        if getattr(node, "name", "") in BLOCKS:
            text.append(" ")
    return " ".join("".join(text).split()).split(" ")


BLOCKS = {
    "p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "tr", "td",
    "th", "dt", "dd", "dl", "details", "summary", "blockquote", "br", "section", "figcaption",
    "figure", "aside", "hr", "caption",
}  # fmt: skip
