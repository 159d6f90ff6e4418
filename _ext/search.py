"""Search: what a reader finds in an edition, as data that the page's script searches by MiniSearch.

One index answers on a server and from a folder alike: a script that hands over the sections of all
pages. (Pagefind needs a server, and takes names in code apart; Lunr has no typos and folds nothing;
FlexSearch neither ranks by how rare a word is nor says what it found.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from .book import read_text
from .files import write

INDEX = "search-index.js"
HANDS_OVER = "globalThis.bookSections = "
BUILDERS = ("html", "dirhtml")  # whose pages have a search field
UNSAID = (nodes.Invisible, nodes.raw, nodes.image, nodes.section, nodes.label,
          nodes.footnote_reference, nodes.citation_reference, nodes.docinfo)  # fmt: skip
UNSAID_CLASSES = {"cell_output", "launch", "sd-tab-label", "toctree-wrapper", "translation-note"}
SIMPLE = re.compile(r"[\w\s()=+\-.,:<>|/*']+")  # formulas that read as they are written


def setup(app: Sphinx) -> None:
    for script in ("search.js", "search-field.js", "found.js"):
        app.add_js_file(script, loading_method="defer")
    written: dict[str, list[dict]] = {}

    def collect(app: Sphinx, doctree: nodes.document, page: str) -> None:
        if app.builder.name in BUILDERS:
            uri = app.builder.get_target_uri(page)
            written[page] = list(sections(doctree, uri, backends(app)))

    app.connect("builder-inited", switch_sphinx_off)
    app.connect("html-page-context", without_highlights)
    app.connect("doctree-resolved", collect)
    app.connect("build-finished", lambda app, error: error or write_index(app, written))


def switch_sphinx_off(app: Sphinx) -> None:
    """Make no index and no page for the search that Sphinx has of its own."""
    if app.builder.format == "html":
        app.builder.search = False


def without_highlights(app: Sphinx, pagename, templatename, context: dict, doctree) -> None:
    context["script_files"] = [
        one for one in context["script_files"] if "sphinx_highlight" not in str(one.filename)
    ]


def write_index(app: Sphinx, written: dict[str, list[dict]]) -> None:
    """Write the sections of all pages, in reading order; a page not written now keeps its own."""
    if app.builder.name not in BUILDERS:
        return
    path = Path(app.outdir, INDEX)
    pages = json.loads(read_text(path).removeprefix(HANDS_OVER)) if path.is_file() else {}
    pages |= written
    order = dict.fromkeys([*app.config.external_site_map, *sorted(pages)])
    index = {page: pages[page] for page in order if page in app.env.found_docs and page in pages}
    data = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    write(path, HANDS_OVER + data + "\n")


def backends(app: Sphinx) -> dict[str | None, str]:
    return {backend.tag: backend.label for backend in app.book.backends}


def sections(
    doctree: nodes.document, uri: str, labels: dict[str | None, str]
) -> Iterator[dict[str, object]]:
    """The sections of a page: address, titles from the page's own down, prose, code by backend."""
    for number, section in enumerate(doctree.findall(nodes.section)):
        prose: list[str] = []
        code: list[list[str]] = []
        for child in section.children[1:]:  # after the title
            gather(child, "", labels, prose, code)
        yield {
            "url": f"{uri}#{section['ids'][0]}" if number else uri,
            "titles": titles(section),
            "text": " ".join("".join(prose).split()),
            "code": code,
        }


def titles(section: nodes.Element | None) -> list[str]:
    """The titles of a section and of those that it is in, the page's first."""
    if not isinstance(section, nodes.section):
        return []
    prose: list[str] = []
    for child in section.next_node(nodes.title).children:
        gather(child, "", {}, prose, [])
    return [*titles(section.parent), " ".join("".join(prose).split())]


def gather(
    node: nodes.Node, label: str, labels: dict, prose: list[str], code: list[list[str]]
) -> None:
    """Add what a node says to the prose, and its code, with its backend's label, to the code."""
    if isinstance(node, nodes.Text):
        prose.append(node.astext())
    elif isinstance(node, UNSAID) or UNSAID_CLASSES.intersection(node["classes"]):
        pass
    elif isinstance(node, nodes.literal_block):
        code.append([label, node.astext()])
    elif isinstance(node, (nodes.math, nodes.math_block)):
        formula = node.astext().strip()
        shown = formula if SIMPLE.fullmatch(formula) else "…"
        prose.append(f" {shown} " if isinstance(node, nodes.math_block) else shown)
    else:
        label = labels.get(node.get("cell_metadata", {}).get("backend"), label)
        for child in node.children:
            gather(child, label, labels, prose, code)
        if not isinstance(node, nodes.Inline):
            prose.append(" · " if isinstance(node, nodes.entry) else " ")
