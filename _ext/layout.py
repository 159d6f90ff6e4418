"""Layout: our parts in the theme's page, our scripts, and our styles after everybody else's."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

from .digest import ENGINE
from .files import write

STYLES = ("book.css", "code.css", "tips.css", "search.css")
# All are strict: elsewhere, a function in a block becomes the whole page's, and another's is lost.
SCRIPTS = (
    "languages.js", "film.js", "code.js", "backend.js", "tips.js", "print.js",
)  # fmt: skip
NOSCRIPT = ("noscript.css", "system-theme.css")  # linked where no script runs
LAST = 799  # Sphinx's order: after extensions' (500), before a book's own (800)

MEDIA = {
    "light": "@media print, (prefers-color-scheme: light)",
    "dark": "@media screen and (prefers-color-scheme: dark)",
}
RULE = re.compile(r"([^{};]+)\{([^{}]*)\}")  # selectors and declarations
COMMA = re.compile(r",(?![^(]*\))")  # between selectors, not in parentheses


def setup(app: Sphinx) -> None:
    app.connect("config-inited", lay_out)
    for style in STYLES:
        app.add_css_file(style, priority=LAST)
    app.add_css_file("print.css", priority=LAST, media="print")
    for script in SCRIPTS:
        app.add_js_file(script, loading_method="defer")
    app.connect("html-page-context", link_noscript)
    # after the theme has coloured code
    app.connect("build-finished", write_system_theme, priority=900)


def lay_out(app: Sphinx, config) -> None:
    """Put our parts into the theme's page: the switch of languages, and no button twice."""
    config.html_static_path.append(str(ENGINE / "static"))
    config.templates_path.append(str(ENGINE / "templates"))
    config.html_sidebars = {"**": ["home.html", "search-button-field.html", "sbt-sidebar-nav.html"]}
    config.html_theme_options |= {
        "article_header_end": ["languages.html", "wrap.html", "article-header-buttons.html"],
        "navbar_persistent": [], "use_download_button": False, "use_fullscreen_button": False,
        "footer_content_items": ["foot.html"],
    }  # fmt: skip


def link_noscript(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Link the styles of pages whose scripts do not run."""
    links = [
        f'<link rel="stylesheet" href="{context["pathto"](f"_static/{style}", 1)}">'
        for style in NOSCRIPT
    ]
    context["metatags"] = context.get("metatags", "") + f"<noscript>{''.join(links)}</noscript>"


def write_system_theme(app: Sphinx, error: Exception | None) -> None:
    """Write a style sheet that has the theme's light and dark colours by the system's wish.

    The theme itself colours nothing before its script has said which of the two it is.
    """
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    sheets = [path.read_text(encoding="utf-8") for path in sorted(static.rglob("*.css"))]
    text = "\n".join(sheets)
    parts = [f"{MEDIA[theme]} {{\n{coloured(text, theme)}\n}}\n" for theme in MEDIA]
    write(static / NOSCRIPT[-1], "".join(parts))


def coloured(styles: str, theme: str) -> str:
    """The rules of one of the theme's colour schemes, for a page that has not chosen any yet."""
    chosen = re.compile(rf"""html\[data-theme=["']?{theme}["']?\]""")
    rules = []
    for selectors, body in RULE.findall(re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL)):
        ours = [one.strip() for one in COMMA.split(selectors) if chosen.search(one)]
        if ours:
            rules.append(chosen.sub("html[data-theme=auto]", ",".join(ours)) + f"{{{body}}}")
    return "\n".join(rules)
