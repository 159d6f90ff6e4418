"""Layout: our parts in the theme's page, our scripts, and our styles after everybody else's."""

from __future__ import annotations

from sphinx.application import Sphinx

from .digest import ENGINE

STYLES = ("book.css", "code.css", "tips.css")
SCRIPTS = ("languages.js", "search.js", "film.js", "code.js", "backend.js", "tips.js")
LAST = 799  # Sphinx's order: after extensions' (500), before a book's own (800)


def setup(app: Sphinx) -> None:
    app.connect("config-inited", lay_out)
    for style in STYLES:
        app.add_css_file(style, priority=LAST)
    for script in SCRIPTS:
        app.add_js_file(script, loading_method="defer")


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
