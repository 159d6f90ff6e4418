"""Editions: the whole book in every language, side by side, with a search index for each.

python -m _ext.editions        (this is `make book`)

_build/html/index.html     chooses the reader's language
_build/html/<folder>/      one edition, complete in itself
"""

from __future__ import annotations

import asyncio
import html
import re
import sys
from pathlib import Path
from string import Template

from pagefind.index import IndexConfig, PagefindIndex
from sphinx.application import Sphinx
from sphinx.locale import get_translation

from .book import Book, BookError, Language, load
from .files import write
from .sphinx_app import build
from .translate import CATALOG, LABELS, compile_catalogs, messages

# Pagefind folds diacritics, but not đ. It does fold a stroke that stands for itself.
STROKES = str.maketrans({"đ": "d\u0335", "Đ": "D\u0335"})
_ = get_translation(CATALOG)


def main() -> None:
    """Build all editions into `_build/html`, or into the folder named on the command line."""
    book = load(Path.cwd())
    site = Path(sys.argv[1] if len(sys.argv) > 1 else "_build/html").resolve()
    compile_catalogs(book)
    for language in book.languages:
        folder = site / language.folder
        said = messages(book, language, CATALOG)
        build(book.root, folder, "html", language.code, settings(book, said))
        translate_labels(folder, said)
        asyncio.run(index(folder, language))
        print(f"{language.name}: {folder / 'index.html'}")
    write(site / "index.html", chooser(book))
    print(f"all: {site / 'index.html'}")


def settings(book: Book, said: dict[str, str]) -> dict:
    """What Jupyter Book's settings say in words, in the edition's language."""

    def say(text) -> str:
        return said.get(str(text), str(text))

    return {
        "editions": True,
        "html_title": say(book.title),
        "author": say(book.author),
        "numfig_format": {"figure": say(_("Figure {number}")).replace("{number}", "%s")},
        "nb_code_prompt_show": say(_("Show the code")),
        "nb_code_prompt_hide": say(_("Hide the code")),
        "html_theme_options": {"search_bar_text": say(_("Search this book"))},
    }


def translate_labels(folder: Path, said: dict[str, str]) -> None:
    """Translate the labels that are English in the theme's templates, whatever the language."""
    wanted = {f'="{label}"': f'="{said[label]}"' for label in LABELS if label in said}
    for page in folder.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        spoken = text
        for english, ours in wanted.items():
            spoken = spoken.replace(english, ours)
        if spoken != text:
            write(page, spoken)


def setup(app: Sphinx) -> None:
    """Tell each page its language and its counterparts in the others."""
    app.add_config_value("editions", False, "html")
    app.connect("builder-inited", translate_captions)
    app.connect("html-page-context", add_languages)
    app.add_js_file("languages.js", loading_method="defer")
    app.add_js_file("search.js", loading_method="defer")
    app.add_js_file("film.js", loading_method="defer")


def translate_captions(app: Sphinx) -> None:
    """Translate the captions of the parts in `_toc.yml`, which Sphinx's catalogs do not reach."""
    for part in app.config.external_site_map.root.subtrees:
        part.caption = part.caption and str(_(part.caption))


def add_languages(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Set `<html lang>`, and links to the same page of the other editions if there are any."""
    book: Book = app.book
    code = app.config.language
    current = next((one for one in book.languages if one.code == code), None)
    if current is None:
        known = ", ".join(one.code for one in book.languages)
        raise BookError(f"the language {code!r} is none of _config.yml's: {known}")
    context["language"] = tag(current)
    context["editions"] = []
    if not app.config.editions:
        return
    up = "../" * (pagename.count("/") + 1)
    context["editions"] = [
        {
            "name": one.name,
            "tag": tag(one),
            "short": one.code[:2].upper(),
            "url": f"{up}{one.folder}/{pagename}.html",
            "current": one == current,
        }
        for one in book.languages
    ]
    alternates = [
        f'<link rel="alternate" hreflang="{one["tag"]}" href="{one["url"]}">'
        for one in context["editions"]
    ]
    spoken = {
        "search-nothing": _("Nothing found."),
        "copy": _("Copy"),
        "film-play": _("Play"),
        "film-pause": _("Pause"),
        "film-frame": _("Frame"),
        "film-epoch": _("Epoch {n} of {total}"),
    }
    for name, text in spoken.items():
        alternates.append(f'<meta name="{name}" content="{html.escape(str(text))}">')
    context["metatags"] = context.get("metatags", "") + "\n".join(alternates)


def tag(language: Language) -> str:
    """The language's code as the web writes it: "pt-BR"."""
    return language.code.replace("_", "-")


async def index(folder: Path, language: Language) -> None:
    """Make an edition's search index. đ is indexed as d with a stroke, which search.js undoes."""
    config = IndexConfig(
        root_selector="article.bd-article",
        exclude_selectors=[".headerlink", ".launch", ".math"],
        force_language=language.code[:2],
        output_path=str(folder / "pagefind"),
    )
    pages = [
        page
        for page in sorted(folder.rglob("*.html"))
        if not {"_static", "pagefind"}.intersection(page.relative_to(folder).parts)
        and page.name not in ("genindex.html", "search.html")
    ]
    async with PagefindIndex(config=config) as search:
        for page in pages:
            await search.add_html_file(
                content=page.read_text(encoding="utf-8").translate(STROKES),
                source_path=page.relative_to(folder).as_posix(),
            )


def chooser(book: Book) -> str:
    """The page that greets a reader: to the remembered edition, to the browser's, or by hand."""
    template = Template((Path(__file__).parent / "templates" / "chooser.html").read_text("utf-8"))
    items = "\n".join(
        f'      <li><a href="{one.folder}/index.html" lang="{tag(one)}" hreflang="{tag(one)}">'
        f"{one.name}</a></li>"
        for one in book.languages
    )
    alternates = "\n".join(
        f'  <link rel="alternate" hreflang="{tag(one)}" href="{one.folder}/index.html">'
        for one in book.languages
    )
    return re.sub(r"\n{3,}", "\n\n", template.substitute(items=items, alternates=alternates))


if __name__ == "__main__":
    try:
        main()
    except BookError as error:
        sys.exit(f"\n{error}")
