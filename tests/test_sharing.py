"""Sharing: what pages tell of themselves where a book has an address, and where it has none."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from io import BytesIO

import pytest
from books import ROOT, SmallBook, cell
from bs4 import BeautifulSoup
from PIL import Image

from _ext.sharing import card, locale

LANGUAGES = """\
    languages:
      - {code: en, folder: e.n-1_x, name: English}
      - {code: pt_BR, folder: pt, name: Português}
"""
TITLE = "“Title” <b> & more"
HOSTILE = (
    '# "Title" \\<b> & *more*\n\nShort.\n\nA formula $x$ in a paragraph that would be long enough '
    'for it.\n\nThis one says "enough" & has \\<tags>, but no formula; it is the first such one. '
    "A second sentence follows it, and makes the paragraph longer than a description may be, so it "
    "is cut. Where it ends is the end of a sentence.\n"
)
SAID = (
    "This one says “enough” & has <tags>, but no formula; it is the first such one. A second "
    "sentence follows it, and makes the paragraph longer than a description may be, so it is cut."
)
DRAWING = """\
<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30">
<rect width="90" height="30" fill="red"/><text y="20">noise</text>
</svg>"""
XML = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def make(root, languages: str = "", address: str = "") -> SmallBook:
    """A small book, with a page of a hostile name and title, and all its editions, built."""
    small = SmallBook(root, ("alpha", "beta"))
    small.configure("title: A small book", "title: \"'Small' <book> & more\"")
    small.configure("  config:\n", "  config:\n" + languages)
    if address:
        small.configure("author: nobody", f"author: nobody\nhtml: {{baseurl: {address}}}")
    small.write("_toc.yml", "format: jb-book\nroot: index\nchapters: [{file: x}, "
                "{file: 'a b/ü & c'}]\n")  # fmt: skip
    small.write("index.md", "# Home\n\n![A drawing](img/d.svg)\n\nWords.\n")
    small.write("a b/ü & c.md", HOSTILE)
    small.write("img/d.svg", DRAWING)
    small.chapter(cell("a"))
    header = "---\nfile_format: mystnb\n"
    text = (small.root / "x.md").read_text().replace(
        header, header + "myst: {html_meta: {description: 'A \"header\" says.'}}\n"
    )  # fmt: skip
    small.write("x.md", text)
    small.write(
        "locales/pt_BR/LC_MESSAGES/x.po",
        'msgid ""\nmsgstr ""\n\nmsgid "A \\"header\\" says."\nmsgstr "Um \\"cabeçalho\\" diz."\n',
    )
    small.pretend_executed()
    build(small)
    return small


def build(small: SmallBook) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "_ext.editions"]
    done = subprocess.run(command, cwd=small.root, env=environment, capture_output=True, text=True)
    assert not done.returncode, done.stderr


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("book") / "a b & ü"
    root.mkdir()
    return make(root, LANGUAGES, "https://book.org/gan/")


def head(small: SmallBook, page: str) -> dict[str, str]:
    """What a page's head says: {name or property of meta, "canonical", "title": value}."""
    text = (small.root / "_build/html" / f"{page}.html").read_text("utf-8")
    soup = BeautifulSoup(text, "html.parser")
    tags = soup.select("head meta[content]")
    said = {tag.get("property") or tag.get("name"): tag["content"] for tag in tags}
    names = [tag.get("property") or tag.get("name") for tag in tags]
    assert names.count("description") <= 1
    links = {link["hreflang"]: link["href"] for link in soup.select("head link[hreflang]")}
    canonical = [link["href"] for link in soup.select("link[rel=canonical]")]
    return {**said, **links, "canonical": "".join(canonical), "title": soup.title.text}


@pytest.mark.parametrize(
    ("folder", "land"), [("e.n-1_x", "en_US"), ("pt", "pt_BR")], ids=["en", "pt"]
)
def test_a_published_page_tells_what_it_is(published, folder, land):
    said = head(published, f"{folder}/a b/ü & c")
    name = "a%20b/%C3%BC%20%26%20c"
    address = f"https://book.org/gan/{folder}/{name}.html"
    assert said["title"] == f"{TITLE} — 'Small' <book> & more"
    assert said["og:title"] == TITLE
    assert said["description"] == said["og:description"] == SAID
    assert said["canonical"] == said["og:url"] == said[{"e.n-1_x": "en"}.get(folder, "pt-BR")]
    assert said["canonical"] == address
    assert said["og:image"] == f"https://book.org/gan/{folder}/_cards/{name}.png"
    assert said["og:locale"] == land
    assert said["og:site_name"] == "'Small' <book> & more"


def test_the_header_of_a_page_may_describe_it_and_is_translated(published):
    assert head(published, "e.n-1_x/x")["description"] == 'A "header" says.'
    said = head(published, "pt/x")
    assert said["description"] == said["og:description"] == 'Um "cabeçalho" diz.'


def test_each_page_has_a_card_of_its_size_with_a_drawing(published):
    site = published.root / "_build/html"
    for page in ("index", "x", "a b/ü & c"):
        for folder in ("e.n-1_x", "pt"):
            picture = Image.open(site / folder / "_cards" / f"{page}.png").convert("RGB")
            assert picture.size == (1200, 630)
            assert picture.getpixel((600, 60)) == (255, 0, 0)  # the drawing is red


def test_the_sitemap_lists_all_pages_with_their_counterparts(published):
    site = published.root / "_build/html"
    urls = ET.parse(site / "sitemap.xml").findall("s:url", XML)
    assert len(urls) == 6
    for url in urls:
        links = {x.get("hreflang"): x.get("href") for x in url.findall("x:link", XML)}
        assert set(links) == {"en", "pt-BR"}
        assert url.find("s:loc", XML).text in links.values()
    assert "Sitemap: https://book.org/gan/sitemap.xml" in (site / "robots.txt").read_text()
    assert head(published, "index")["og:image"].endswith("/e.n-1_x/_cards/index.png")


def test_a_book_in_one_language_and_what_is_left_where_the_address_goes(tmp_path):
    small = make(tmp_path, address="https://book.org")
    site = small.root / "_build/html"
    assert head(small, "en/x")["canonical"] == "https://book.org/en/x.html"
    assert len(ET.parse(site / "sitemap.xml").findall("s:url", XML)) == 3
    small.configure("html: {baseurl: https://book.org}", "")
    build(small)
    said = head(small, "en/a b/ü & c")
    assert said["description"] == SAID
    assert not said["canonical"]
    assert not [name for name in said if name and name.startswith(("og:", "twitter:"))]
    assert not head(small, "en/genindex")["canonical"]
    assert not [*site.rglob("_cards"), *site.glob("sitemap.xml"), *site.glob("robots.txt")]


@pytest.mark.parametrize("title", ["", "<&\"'", "生成器 🎉", "long " * 90, "unbroken" * 30])
def test_any_title_makes_a_card(title):
    assert Image.open(BytesIO(card(title, "<book>", b""))).size == (1200, 630)


def test_a_language_has_the_land_where_most_speak_it(published):
    lands = [locale(one) for one in published.book.languages]
    assert lands == ["en_US", "pt_BR"]
