"""Words: what the engine, the settings and the theme say, in the edition's language.

All of it comes from gettext: the engine's and the settings' from the catalog `book`, Sphinx's and
the theme's from `sphinx`.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import pydata_sphinx_theme
import sphinx_book_theme
from docutils import nodes
from jinja2.ext import Extension
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.locale import get_translation

CATALOG = "book"
WORDS = {CATALOG, "sphinx"}  # catalogs of words for templates and drawings; the others, of Markdown
# labels that the theme's templates say in English, whatever the language
LABEL = re.compile(r'(?<=\s)((?:aria-label|title|placeholder)=)"([A-Z][^"{}<>\\\']*)"')


def setup(app: Sphinx) -> None:
    app.add_message_catalog(CATALOG, app.config.locale_dirs[0])
    app.connect("config-inited", translate_settings, priority=950)  # after the toc was read
    app.connect("builder-inited", translate_templates)
    app.add_node(HideCodeCellNode, override=True, html=(visit_hidden_code, leave_hidden_code))


def said(message: str) -> str:
    """A message of the catalog `book` in the edition's language; English where it has none.

    A message that stands here, or in `to_say`, in quotes is found by `make translations`.
    """
    return str(get_translation(CATALOG)(message)) if message else ""


def to_say(message: str) -> str:
    """Marks a message that `said` will get later; it stays as it is."""
    return message


# In a message a number is {n}: those of plots come out of a run. Digits in a name (x1) are letters.
NUMBER = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?")
DECIMAL = to_say("{whole}.{fraction}")  # 0.5, as readers write it
THOUSANDS = to_say("{thousands},{units}")  # 37,500, as readers write it


def number(match: re.Match) -> str:
    """A number that `NUMBER` has found, as readers of the edition write it: 0.5 or 0,5."""
    whole, fraction = match.groups()
    whole = whole.replace(",", sign(THOUSANDS))
    return f"{whole}{sign(DECIMAL)}{fraction}" if fraction else whole


def sign(between: str) -> str:
    """What stands between two parts of a number, as readers of the edition write it."""
    return said(between).partition("}")[2].partition("{")[0]


PLACE = re.compile(r"(\{\w+\})")  # for a value, in a message
PROMPTS = (to_say("Show the code"), to_say("Hide the code"))


def english(app: Sphinx, message: str) -> str:
    """The tag of the source's language if the edition has no words of its own for a message."""
    source = app.book.languages[0]
    return source.tag if said(message) == message and app.config.language != source.code else ""


def say(app: Sphinx, message: str, **values: str | nodes.Node) -> nodes.inline:
    """A message as a node, with values for its {names}; marked where it is not translated."""
    language = english(app, message)
    node = nodes.inline(classes=[f"language-{language}"] if language else [])
    for part in PLACE.split(said(message)):
        value = values.get(part[1:-1], part) if PLACE.fullmatch(part) else part
        node += nodes.Text(value) if isinstance(value, str) else value
    return node


def translate_settings(app: Sphinx, config) -> None:
    """Put what the settings say in words into the edition's language, while they are read."""
    config.html_title = said(config.html_title)
    config.author = said(config.author)
    config.numfig_format = {kind: said(label.replace("%s", "{number}")).replace("{number}", "%s")
                            for kind, label in config.numfig_format.items()}  # fmt: skip
    config.nb_code_prompt_show, config.nb_code_prompt_hide = map(said, PROMPTS)
    config.html_theme_options["search_bar_text"] = said("Search this book")
    for part in config.external_site_map.root.subtrees:
        part.caption = part.caption and said(part.caption)


def labels() -> list[str]:
    """What the theme's templates say in English, whatever the language."""
    themes = [Path(theme.__file__).parent for theme in (pydata_sphinx_theme, sphinx_book_theme)]
    templates = [path for theme in themes for path in sorted(theme.rglob("*.html"))]
    found = [LABEL.findall(path.read_text(encoding="utf-8")) for path in templates]
    return list(dict.fromkeys(label for labels in found for _, label in labels))


class Labels(Extension):
    """Makes templates ask gettext for the labels that they hold in English."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return LABEL.sub(lambda match: f"""{match[1]}"{{{{ _('{match[2]}') }}}}\"""", source)


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


def visit_hidden_code(self, node: nodes.Element) -> None:
    """Folded code as MyST-NB has it, but for its label, which is English in every language."""
    classes = " ".join(["admonition", "hide", *node["classes"]])
    self.body.append(f'<details class="{classes}"><summary>')
    ours = dict(zip(map(said, PROMPTS), PROMPTS, strict=True))  # a cell may have its own
    for state, prompt in (("collapsed", node["prompt_show"]), ("expanded", node["prompt_hide"])):
        language = prompt in ours and english(self.builder.app, ours[prompt])
        marked = f' lang="{language}"' if language else ""
        self.body.append(f'<p class="{state} admonition-title"{marked}>{html.escape(prompt)}</p>')
    self.body.append("</summary>")


def leave_hidden_code(self, node: nodes.Element) -> None:
    self.body.append("</details>")
