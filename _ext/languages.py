"""Languages: a page's own, the way to its counterparts in the others, and what is English still."""

from __future__ import annotations

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import LITERAL_TYPE_NODES, extract_messages
from sphinx.util.osutil import relative_uri

from .build import spoken
from .digest import ENGINE
from .words import said, to_say

# what the scripts in static/ say, by the names that they know it by
SPOKEN = {
    "search-empty": to_say("Type words, or a name from the code."),
    "search-nothing": to_say("Nothing found."),
    "search-found": to_say("Sections found: {n}"),
    "search-failed": to_say("The search cannot be loaded. Load the page again."),
    "search-unmark": to_say("Remove the marks"),
    "copy": to_say("Copy"),
    "film-play": to_say("Play"),
    "film-pause": to_say("Pause"),
    "film-frame": to_say("Frame"),
    "film-epoch": to_say("Epoch {n} of {total}"),
}

ENGLISH_LEFT = to_say("Not all of this page is translated yet; the rest is in English.")


def setup(app: Sphinx) -> None:
    app.add_config_value("editions", False, "html")  # whether the other languages lie beside
    app.add_transform(MarkEnglish)
    app.connect("html-page-context", add_languages)
    app.connect("config-inited", lay_out)
    app.add_css_file("book.css")
    for script in ("languages.js", "film.js"):
        app.add_js_file(script, loading_method="defer")


def lay_out(app: Sphinx, config) -> None:
    """Put our parts into the theme's page: the switch of languages, and no button twice."""
    config.html_static_path.append(str(ENGINE / "static"))
    config.templates_path.append(str(ENGINE / "templates"))
    config.html_sidebars = {"**": ["home.html", "search-button-field.html", "sbt-sidebar-nav.html"]}
    config.html_theme_options |= {
        "article_header_end": ["languages.html", "article-header-buttons.html"],
        "navbar_persistent": [], "use_download_button": False, "use_fullscreen_button": False,
    }  # fmt: skip


class MarkEnglish(SphinxTransform):
    """Mark what has no translation yet as the source's language, and say so once on the page."""

    default_priority = 21  # right after Sphinx has put the translations in

    def apply(self, **kwargs) -> None:
        language, source = spoken(self.app.book, self.config.language), self.app.book.languages[0]
        if language == source or self.document["source"].endswith("<translated>"):
            return
        left = [node for node, _text in extract_messages(self.document) if is_english(node)]
        for node in left:
            node["classes"].append(f"language-{source.tag}")
        section = next(self.document.findall(nodes.section), None)
        if left and section is not None:
            note, classes = said(ENGLISH_LEFT), ["translation-note"]
            if note == ENGLISH_LEFT:
                classes.append(f"language-{source.tag}")
            section.insert(1, nodes.paragraph("", note, classes=classes, translatable=False))


def is_english(node: nodes.Element) -> bool:
    """Whether a node waits for a translation; formulas and a page's front matter never do."""
    if node.get("translated") or isinstance(node, (*LITERAL_TYPE_NODES, nodes.image)):
        return False
    while node is not None and not isinstance(node, nodes.docinfo):
        node = node.parent
    return node is None


def add_languages(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Set `<html lang>`, and links to the same page of the other editions if there are any."""
    language = spoken(app.book, app.config.language)
    context["language"] = language.tag
    context["editions"] = []
    context["metatags"] = context.get("metatags", "") + "\n".join(
        f'<meta name="{name}" content="{escape(said(text))}">' for name, text in SPOKEN.items()
    )
    if not app.config.editions:
        return
    page = app.builder.get_target_uri(pagename)
    site = relative_uri(page, "") + "../"
    context["editions"] = [
        {
            "name": one.name,
            "tag": one.tag,
            "short": one.code[:2].upper(),
            "url": f"{site}{one.folder}/{page}",
            "current": one == language,
        }
        for one in app.book.languages
    ]
    head = [
        f'<link rel="alternate" hreflang="{one["tag"]}" href="{escape(one["url"])}">'
        for one in context["editions"]
    ]
    context["metatags"] += "\n" + "\n".join(head)
