"""Page and notebook say the same: words, formulas, numbers, citations, pictures and links."""

import re
import struct
import zlib
from base64 import b64encode
from pathlib import Path

import nbformat
import pytest
from books import ROOT, cell
from same import of_notebook, of_page

from _ext import build as engine
from _ext.book import BookError, load

BOOK = load(ROOT)


def compare(cache: Path, chapter: str, tag: str) -> list[str]:
    """What a page and its notebook say; fails unless it is the same."""
    page = of_page((cache / "html" / f"{chapter}.html").read_text(encoding="utf-8"), tag)
    notebook = nbformat.read(cache / "notebook" / f"{chapter}.{tag}.ipynb", as_version=4)
    assert page == of_notebook(notebook)
    return page


@pytest.mark.parametrize("backend", BOOK.backends, ids=lambda one: one.tag)
@pytest.mark.parametrize("chapter", BOOK.chapters())
@pytest.mark.parametrize("language", BOOK.languages, ids=lambda one: one.folder)
def test_every_chapter_says_the_same_on_its_page_and_in_its_notebook(
    site, language, chapter, backend
):
    folder = site / language.folder
    page = of_page((folder / f"{chapter}.html").read_text(encoding="utf-8"), backend.tag)
    notebook = folder / "_downloads" / f"{chapter}.{backend.tag}.ipynb"
    said = of_notebook(nbformat.read(notebook, as_version=4))
    assert page == said
    assert len(said) > 1000


@pytest.fixture(scope="module")
def every_form(tmp_path_factory):
    """A small book with a chapter in which every form of MyST appears, built."""
    from books import SmallBook

    small = SmallBook(tmp_path_factory.mktemp("forms"), ("alpha", "beta"))
    small.configure(
        "attrs_block]",
        "attrs_block, attrs_inline, substitution, fieldlist, strikethrough, smartquotes]",
    )
    small.configure(
        "  config:\n",
        "  config:\n    numfig: true\n    suppress_warnings: [myst.strikethrough, myst.footnote]\n",
    )
    (small.root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nparts:\n- numbered: true\n  chapters:\n"
        "  - file: y\n  - file: x\n"
    )
    (small.root / "references.bib").write_text(
        '@misc{a, author={Schmidh{\\"u}ber, J. and {Team C}}, title={T}, year={2001}}'
    )
    (small.root / "img").mkdir()
    (small.root / "img/a.png").write_bytes(png(1, 2, 3))
    (small.root / "img/b.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9"/>')
    small.chapter("(ylabel)=\n## Why *so*\n\n$$\n1\n$$ (eq-y)\n\n" + cell("a"), "y")
    forms = (ROOT / "tests" / "every_form.md").read_text(encoding="utf-8")
    small.chapter(
        forms + "\n" + cell("a = 1", "alpha") + "\n" + cell("b = 1", "beta") + "\n"
        + "{#fig-c .caption}\nA caption *em* with {eq}`eq-one`, of {numref}`fig-c`.\n\nAfter.\n\n"
        + cell("hidden", "remove-cell") + "\nEnd.\n"
    )  # fmt: skip
    picture = {"image/png": b64encode(png(1, 2, 3)).decode()}
    small.pretend_executed(lambda *_: [nbformat.v4.new_output("display_data", picture)])
    small.pretend_executed(name="y")
    engine.build(small.root, small.root / "_build", "notebook", "html")
    return small.root / "_build"


def png(*rgb: int) -> bytes:
    """A picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" + bytes(rgb)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("chapter", ["x", "y"])
@pytest.mark.parametrize("tag", ["alpha", "beta"])
def test_every_form_is_the_same_in_both(every_form, chapter, tag):
    said = compare(every_form, chapter, tag)
    if chapter == "x":
        text = " ".join(said)
        other = {"alpha": "beta", "beta": "alpha"}[tag]
        assert f"for {tag}" in text and f"for {other}" not in text
        for seen in (
            "Fig. 2.1",
            "Fig. 2.2",
            "Fig. 2.3",
            "(2.3)",
            "Table 2.1",
            "Listing 2.1",
            "[1]",
            "*a:**b",
        ):
            assert seen in text, seen


def test_no_markup_is_left_in_a_notebook(every_form):
    for path in (every_form / "notebook").glob("*.ipynb"):
        for one in nbformat.read(path, as_version=4).cells:
            if one.cell_type == "markdown":
                assert not re.search(r":::|\{[a-z:-]+\}`|^```\{", one.source, re.MULTILINE)


def test_cells_that_no_page_shows_are_in_the_notebook(every_form):
    for tag, own in (("alpha", "a = 1"), ("beta", "b = 1")):
        notebook = nbformat.read(every_form / "notebook" / f"x.{tag}.ipynb", as_version=4)
        code = [one.source for one in notebook.cells if one.cell_type == "code"]
        assert code[1:] == [own, "hidden"]


def test_references_lead_to_the_published_page(small_book):
    small = small_book()
    small.configure("author: nobody", "author: nobody\nhtml: {baseurl: https://book.org/}")
    (small.root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters: [{file: x}, {file: y}]\n"
    )
    small.chapter("See {ref}`other`, {doc}`y`, [home](index.md), [](y.md).\n\n" + cell("a"))
    small.chapter("(other)=\n## Another *one*\n\n" + cell("a"), "y")
    small.pretend_executed()
    small.pretend_executed(name="y")
    engine.build(small.root, small.root / "_build", "notebook")
    notebook = nbformat.read(small.root / "_build/notebook/x.alpha.ipynb", as_version=4)
    assert notebook.cells[1].source.splitlines()[-1] == (
        "See [Another one](<https://book.org/en/y.html#other>), "
        "[A chapter](<https://book.org/en/y.html>), [home](<https://book.org/en/index.html>), "
        "[A chapter](<https://book.org/en/y.html>)."
    )


@pytest.mark.parametrize(
    ("prose", "message"),
    [
        ("```{eval-rst}\n.. py:function:: f(x)\n```", r"cannot show a <desc> yet"),
        ("![x](g.webp)", r"cannot show g\.webp .*expected \.svg, \.png"),
        ("![x](g.svg)", r"cannot show g\.svg"),
    ],
)
def test_what_notebooks_cannot_show_stops_the_build_with_its_place(small_book, prose, message):
    small = small_book()
    for name in ("g.webp", "g.svg"):
        (small.root / name).write_text("<no picture")
    small.chapter(f"Text.\n\n{prose}\n\n" + cell("a"))
    small.pretend_executed()
    with pytest.raises(BookError, match=message) as error:
        engine.build(small.root, small.root / "_build", "notebook")
    assert re.match(r".*x\.md, line \d+: ", str(error.value))
