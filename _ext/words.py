"""Words: what the engine, the settings and the theme say, in the edition's language.

All of it comes from gettext: the engine's and the settings' from the catalog `book`, Sphinx's and
the theme's from `sphinx`.
"""

from __future__ import annotations

import html
import re

from jinja2.ext import Extension
from sphinx.application import Sphinx
from sphinx.locale import get_translation

CATALOG = "book"
_ = get_translation(CATALOG)
# labels that the theme's templates say in English, whatever the language
LABEL = re.compile(r'(?<=\s)((?:aria-label|title|placeholder)=)"([A-Z][^"{}<>\\\']*)"')


def setup(app: Sphinx) -> None:
    app.add_message_catalog(CATALOG, app.config.locale_dirs[0])
    app.connect("config-inited", translate_settings, priority=950)  # after the toc was read
    app.connect("builder-inited", translate_templates)


def said(message: object) -> str:
    """A message of the catalog `book` in the edition's language; English where it has none."""
    return str(_(str(message))) if message else ""


def translate_settings(app: Sphinx, config) -> None:
    """Put what the settings say in words into the edition's language, while they are read."""
    config.html_title = said(config.html_title)
    config.author = said(config.author)
    config.numfig_format = {kind: said(_(label).replace("%s", "{number}")).replace("{number}", "%s")
                            for kind, label in config.numfig_format.items()}  # fmt: skip
    config.nb_code_prompt_show = said(_("Show the code"))
    config.nb_code_prompt_hide = said(_("Hide the code"))
    config.html_theme_options["search_bar_text"] = said(_("Search this book"))
    for part in config.external_site_map.root.subtrees:
        part.caption = part.caption and said(part.caption)


class Labels(Extension):
    """Makes templates ask gettext for the labels that they hold in English."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return LABEL.sub(r"""\1"{{ _('\2') }}\"""", source)


def translate_templates(app: Sphinx) -> None:
    """Translate labels in templates, and escape all that catalogs say there."""
    if app.builder.format != "html":
        return

    def gettext(message: str) -> str:
        spoken = app.translator.gettext(message)
        return spoken if spoken == message or "<" in message else html.escape(spoken)

    environment = app.builder.templates.environment
    environment.add_extension(Labels)
    environment.install_gettext_callables(gettext, app.translator.ngettext, newstyle=False)
