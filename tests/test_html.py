"""The built pages, as files: what a reader gets before a browser does anything."""

import re
from urllib.parse import unquote, urldefrag

import nbformat
import pytest
from bs4 import BeautifulSoup
from the_book import BOOK

from _ext.catalogs import messages
from _ext.words import CATALOG

RAW = re.compile(r"\$\$|\\(?:frac|mathbf|log|begin)\b|\{(?:eq|ref|numref|footcite)[:}]|Traceback")


@pytest.fixture(scope="session")
def pages(site):
    """Every page of the built book, parsed: {path: soup}."""
    return {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(site.rglob("*.html"))
        if not {"_static", "jupyter_execute"}.intersection(path.parts)
    }


def page_of(pages, site, chapter, language="en"):
    return pages[site / language / f"{chapter}.html"]


@pytest.mark.parametrize("backend", BOOK.backends, ids=lambda b: b.tag)
@pytest.mark.parametrize("chapter", BOOK.chapters())
@pytest.mark.parametrize("language", BOOK.languages, ids=lambda one: one.folder)
def test_each_backends_outputs_are_in_its_tab(pages, site, chapter, backend, language):
    page = page_of(pages, site, chapter, language.folder)
    article = BeautifulSoup(str(page.select_one("article")), "html.parser")
    for label in article.select("label[data-sync-id]"):
        if label["data-sync-id"] != backend.tag:
            label.find_next_sibling("div").decompose()
    shown = [pre.text.strip() for pre in article.select(".cell_output pre")]
    pictures = len(article.select(".cell_output :is(img, svg.plot)"))
    notebook = nbformat.read(BOOK.notebook(chapter, backend), as_version=4)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    texts = [o.text if "text" in o else o.data["text/plain"] for o in outputs if not picture(o)]
    assert shown == [text.strip() for text in texts]
    assert pictures == sum(map(picture, outputs))
    assert outputs


def picture(output) -> bool:
    return "image/png" in output.get("data", {})


def test_no_page_shows_markup_or_a_traceback(pages):
    for path, page in pages.items():
        body = BeautifulSoup(str(page.body), "html.parser")
        for node in body.select("script, style, .math, pre, code"):
            node.decompose()
        found = RAW.search(body.text)
        assert not found, f"{path.name}: {body.text[found.start() - 80 : found.end() + 80]!r}"
        assert not page.select(".problematic, .system-message, .output.traceback")


def test_every_picture_has_an_alternative_text(pages):
    for path, page in pages.items():
        for image in page.select("article :is(img, svg.plot)"):
            alt = image.get("alt") or image.get("aria-label", "")
            assert len(alt) > 20, f"{path.name}: {image.get('src')}"


def test_internal_links_resolve(pages, site):
    ids = {
        path: {node["id"] for node in page.select("[id]")} | {"", "top"}
        for path, page in pages.items()
    }
    checked = 0
    for path, page in pages.items():
        for node in page.select("[href], [src]"):
            target, fragment = urldefrag(node.get("href") or node.get("src"))
            if re.match(r"[a-z]+:", target):
                continue
            file = (path.parent / unquote(target).split("?")[0]).resolve() if target else path
            assert file.is_file(), f"{path.relative_to(site)} links to {target}"
            if file in ids:
                assert unquote(fragment) in ids[file], f"{path.name} links to {target}#{fragment}"
            checked += 1
    assert checked > 50


def test_nothing_is_loaded_from_elsewhere(pages):
    for path, page in pages.items():
        loading = "script[src], img[src], iframe, link[rel=stylesheet], link[rel=preload]"
        for node in page.select(loading):
            url = node.get("src") or node.get("href")
            assert not re.match(r"(https?:)?//", url), f"{path.name} loads {url}"


@pytest.mark.parametrize("language", BOOK.languages, ids=lambda one: one.folder)
def test_every_page_knows_its_language_and_its_counterparts(pages, site, language):
    folders = {one.folder: one.code.replace("_", "-") for one in BOOK.languages}
    for path, page in pages.items():
        if site / language.folder not in path.parents:
            continue
        assert page.html["lang"] == folders[language.folder]
        same = path.relative_to(site / language.folder)
        for links in (page.select("link[hreflang]"), page.select(".languages a")):
            leads = {link["hreflang"]: (path.parent / link["href"]).resolve() for link in links}
            assert leads == {tag: site / folder / same for folder, tag in folders.items()}
        current = page.select(".languages a[aria-current]")
        assert [link["hreflang"] for link in current] == [folders[language.folder]]


@pytest.mark.parametrize("language", BOOK.languages, ids=lambda one: one.folder)
@pytest.mark.parametrize("words", ["Show the code", "Search this book", "Figure {number}"])
def test_the_theme_speaks_the_editions_language(pages, site, language, words):
    page = page_of(pages, site, "chapters/gaussian", language.folder).decode()
    for one in BOOK.languages:
        said = messages(BOOK, one, CATALOG).get(words, words).format(number="1.1")
        assert (said in page) == (one == language), said


def test_sections_have_the_same_ids_in_every_language(pages, site):
    for path in site.glob("en/**/*.html"):
        if path not in pages:
            continue
        ids = [
            [s["id"] for s in pages[site / one.folder / path.relative_to(site / "en")].select(
                "article section[id]"
            )]
            for one in BOOK.languages
        ]  # fmt: skip
        assert all(one == ids[0] for one in ids[1:])


def test_the_front_page_leads_to_every_edition_without_javascript(pages, site):
    links = pages[site / "index.html"].select("main a")
    homes = [f"{one.folder}/index.html" for one in BOOK.languages]
    assert [link["href"] for link in links] == homes
    assert [link.text for link in links] == [one.name for one in BOOK.languages]
