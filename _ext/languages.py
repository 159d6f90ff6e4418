"""Languages: a page's own, the way to its counterparts in the others, and what is English still."""

from __future__ import annotations

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import LITERAL_TYPE_NODES, extract_messages
from sphinx.util.osutil import relative_uri

from .build import spoken
from .words import english, said, say, to_say

# what the scripts in static/ say, by the names that they know it by
SPOKEN = {
    "search-empty": to_say("Type words, or a name from the code."),
    "search-nothing": to_say("Nothing found."),
    "search-found": to_say("Sections found: {n}"),
    "search-failed": to_say("The search cannot be loaded. Load the page again."),
    "search-unmark": to_say("Remove the marks"),
    "copy": to_say("Copy"),
    "print-answers": to_say("Answers and solutions"),
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
    app.connect("html-page-context", add_words, priority=501)  # after the theme's menu


class MarkEnglish(SphinxTransform):
    """Mark what has no translation yet as the source's language, and say so once on the page."""

    default_priority = 21  # right after Sphinx has put the translations in

    def apply(self, **kwargs) -> None:
        language, source = spoken(self.app.book, self.config.language), self.app.book.languages[0]
        if language == source or self.document["source"].endswith("<translated>"):
            return
        left = [node for node, _text in extract_messages(self.document) if is_english(node)]
        marks = [f"language-{source.tag}"]
        for node in left:
            node["classes"] += marks
            if isinstance(node, nodes.title):  # and its words, where contents and menus quote it
                node[:] = [nodes.inline("", "", *node.children, classes=marks)]
        section = next(self.document.findall(nodes.section), None)
        if left and section is not None:
            note = nodes.paragraph("", "", say(self.app, ENGLISH_LEFT), translatable=False)
            note["classes"].append("translation-note")
            section.insert(1, note)


def is_english(node: nodes.Element) -> bool:
    """Whether a node waits for a translation; formulas and a page's header never do."""
    if node.get("translated") or isinstance(node, (*LITERAL_TYPE_NODES, nodes.image, nodes.meta)):
        return False
    while node is not None and not isinstance(node, (nodes.docinfo, nodes.field_list)):
        node = node.parent
    return node is None or not isinstance(node.parent, nodes.document)


def add_languages(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Set `<html lang>`, and links to the same page of the other editions if there are any."""
    language = spoken(app.book, app.config.language)
    context["language"] = language.tag
    context["editions"] = []
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
            "address": (doctree and app.book.published(pagename, one.code))
            or f"{site}{one.folder}/{page}",
            "current": one == language,
        }
        for one in app.book.languages
    ]
    head = [
        f'<link rel="alternate" hreflang="{one["tag"]}" href="{escape(one["address"])}">'
        for one in context["editions"]
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(head)


def add_words(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Tell scripts what they say, and mark the captions in the sidebar that are English still."""
    source = app.book.languages[0]
    context.setdefault("metatags", "")
    tags = " ".join(backend.tag for backend in app.book.backends)
    context["metatags"] += f'\n<meta name="backends" content="{escape(tags)}">'
    for name, text in SPOKEN.items():
        language = english(app, text)
        marked = f' lang="{language}"' if language else ""
        context["metatags"] += f'\n<meta name="{name}" content="{escape(said(text))}"{marked}>'
    left = [caption for caption in app.book.captions() if english(app, caption)]
    toc = context.get("generate_toctree_html")
    if not toc:  # an e-book's page has no sidebar
        return

    def marked_toc(*args, **kwargs) -> str:
        menu = str(toc(*args, **kwargs))
        for caption in map(escape, left):
            text = f'<span class="caption-text">{caption}</span>'
            menu = menu.replace(text, text.replace(" ", f' lang="{source.tag}" ', 1))
        return menu

    context["generate_toctree_html"] = marked_toc
