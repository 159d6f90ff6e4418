"""Splitting a chapter by backend, and merging its executed notebooks back."""

import nbformat
import pytest
from books import SmallBook, cell, printed
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from _ext import merge, split
from _ext.book import BookError

TAGS = ("alpha", "beta", "gamma")


def code(notebook):
    return [c.source for c in notebook.cells if c.cell_type == "code"]


def merged(small: SmallBook):
    source = small.source()
    notebooks = {b: merge.executed(source, "x", b, small.book) for b in small.book.backends}
    return merge.merge(source, notebooks)


def test_each_backend_gets_its_own_and_the_shared_cells_in_order(small_book):
    small = small_book(*TAGS)
    small.chapter(
        cell("s = 1") + cell("a = 1", "alpha") + cell("b = 1", "beta") + "text\n\n"
        + cell("a = 2", "alpha") + cell("print(s)")
    )  # fmt: skip
    book, source = small.book, small.source()
    notebooks = {b.tag: split.split(source, "x", b, book) for b in book.backends}
    assert code(notebooks["alpha"])[1:] == ["s = 1", "a = 1", "a = 2", "print(s)"]
    assert code(notebooks["beta"])[1:] == ["s = 1", "b = 1", "print(s)"]
    assert code(notebooks["gamma"])[1:] == ["s = 1", "print(s)"]
    for notebook in notebooks.values():
        nbformat.validate(notebook)
        assert [c.source for c in notebook.cells if c.cell_type == "markdown"] == [
            "# A chapter",
            "text",
        ]


def test_shared_cell_stands_once_if_outputs_agree_and_per_backend_if_not(small_book):
    small = small_book(*TAGS)
    small.chapter(cell("print(1)") + cell("print(s)"))
    small.pretend_executed(lambda c, b: printed(b.tag if "s" in c.source[-2:] else "1"))
    shown = [(c.source, c.metadata["backend"], c.outputs[0].text) for c in merged(small).cells[1:]]
    assert shown == [("print(1)", None, "1")] + [("print(s)", tag, tag) for tag in TAGS]


def test_pictures_are_shown_at_the_size_they_were_meant_to_have(small_book):
    small = small_book()
    small.chapter(cell("draw()"))
    picture = nbformat.v4.new_output(
        "display_data", data={"image/png": "aGk="},
        metadata={"image/png": {"width": 350, "height": 250}},
    )  # fmt: skip
    small.pretend_executed(lambda c, b: [picture] if c.source == "draw()" else [])
    assert merged(small).cells[-1].metadata["mystnb"] == {"image": {"width": "350px"}}


texts = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)
cells = st.lists(st.tuples(st.sampled_from((None, *TAGS, "prose")), texts), max_size=12)


@settings(max_examples=60, deadline=None)
@given(cells)
def test_merge_undoes_split(tmp_path_factory, drawn):
    small = SmallBook(tmp_path_factory.mktemp("book"), TAGS)
    body = ""
    for number, (kind, text) in enumerate(drawn):
        if kind == "prose":
            body += f"\n+++\n\nprose {number}\n\n"
        else:
            body += cell(f"{number}; {text!r}", *([kind] if kind else []))
    small.chapter(body)
    small.pretend_executed(lambda c, b: printed(c.source))
    source, page = small.source(), merged(small)
    assert [(c.cell_type, c.source) for c in page.cells] == [
        (c.cell_type, c.source) for c in source.cells
    ]
    for was, now in zip(source.cells, page.cells, strict=True):
        if was.cell_type == "code":
            assert now.metadata["backend"] == was.metadata["backend"]
            assert now.outputs == printed(was.source)
    nbformat.validate(page)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (cell("1", "alhpa"), r"x\.md, line 7, cell 2: unknown tag 'alhpa'; did you mean 'alpha'\?"),
        (cell("1", "alpha", "beta"), r"tags of 2 backends \(alpha, beta\)"),
        ("```{code-cell}\n:tags: [a\n\n1\n```\n", r"x\.md: .*could not be read"),
    ],
)
def test_bad_tags_are_named_with_their_place(small_book, body, message):
    small = small_book()
    small.chapter(body)
    with pytest.raises(BookError, match=message):
        small.source()


def damage(change):
    """A function that changes alpha's notebook on disk."""

    def damage_(small):
        path = small.root / "x.alpha.ipynb"
        notebook = nbformat.read(path, as_version=4)
        change(notebook)
        nbformat.write(notebook, path)

    return damage_


def error_output(notebook):
    notebook.cells[-1].outputs = [nbformat.v4.new_output("error", ename="E", evalue="e")]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda s: (s.root / "x.alpha.ipynb").unlink(), r"x\.alpha\.ipynb is missing"),
        (lambda s: (s.root / "x.alpha.ipynb").write_text("{"), r"alpha\.ipynb is not a notebook"),
        (damage(error_output), r"code cell 3 \(cell-3\) holds an error"),
        (damage(lambda n: n.cells[-1].update(source="a = 3")), r"book: a = 3\n.*source:   a = 2"),
        (damage(lambda n: n.cells.pop()), r"has 2 code cells, but x\.md has 3 for Alpha"),
        (damage(lambda n: n.cells[-1].update(execution_count=None)), r"was never run"),
    ],
)  # fmt: skip
def test_a_notebook_that_does_not_follow_from_its_source_stops_the_page(small_book, harm, message):
    small = small_book()
    small.chapter(cell("a = 1", "alpha") + cell("a = 2"))
    small.pretend_executed()
    merged(small)
    harm(small)
    with pytest.raises(BookError, match=message) as error:
        merged(small)
    assert "make notebooks" in str(error.value) and "Alpha" in str(error.value)


def test_a_listed_chapter_that_is_not_there(small_book):
    small = small_book()
    with pytest.raises(BookError, match=r"_toc.yml lists 'x', but there is no x\.md"):
        small.book.chapters()


def test_a_page_without_cells_is_no_chapter(small_book):
    small = small_book()
    (small.root / "x.md").write_text("# Prose\n")
    assert small.book.chapters() == []


@pytest.mark.parametrize(
    "url", ["github.com/a/b", "https://example.org/a/b", "https://github.com/a"]
)
def test_a_repository_that_colab_and_binder_cannot_open(small_book, url):
    with pytest.raises(BookError, match=r"expected https://github\.com/OWNER/NAME"):
        _ = small_book(repository=url).book


def test_without_backends_the_settings_are_refused(small_book):
    small = small_book()
    (small.root / "_config.yml").write_text("title: x\n")
    with pytest.raises(BookError, match="expected a list of"):
        _ = small.book


def test_reading_plain_text_as_a_notebook_keeps_it():
    assert merge.read("# A\n\ntext").cells[0].source == "# A\n\ntext"


@pytest.mark.parametrize("repository", ["", "https://github.com/owner/name"])
def test_the_setup_cell_is_code_that_ipython_understands(small_book, repository):
    small = small_book(repository=repository)
    code = split.setup_cell(small.book, small.book.backends[0]).source
    compile(TransformerManager().transform_cell(code), "setup", "exec")
    assert len(code.splitlines()) <= 20
    assert ("%pip install" in code) == bool(repository)
