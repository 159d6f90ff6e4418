"""Splitting a chapter by backend, and merging its executed notebooks back."""

import json
from types import SimpleNamespace

import nbformat
import pytest
from books import SmallBook, cell, printed
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from _ext import merge, split
from _ext.book import BookError
from _ext.committed import committed

TAGS = ("alpha", "beta", "gamma")


def code(notebook):
    return [c.source for c in notebook.cells if c.cell_type == "code"]


def merged(small: SmallBook):
    source = small.source()
    notebooks = {b: committed(small.notebook(b), "x", b, small.book) for b in small.book.backends}
    return merge.merge(source, notebooks)


def test_each_backend_gets_its_own_and_the_shared_cells_in_order(small_book):
    small = small_book(*TAGS)
    small.chapter(
        cell("s = 1") + cell("a = 1", "alpha") + cell("b = 1", "beta") + "text\n\n"
        + cell("a = 2", "alpha") + cell("print(s)")
    )  # fmt: skip
    notebooks = {b.tag: small.notebook(b) for b in small.book.backends}
    assert code(notebooks["alpha"])[1:] == ["s = 1", "a = 1", "a = 2", "print(s)"]
    assert code(notebooks["beta"])[1:] == ["s = 1", "b = 1", "print(s)"]
    assert code(notebooks["gamma"])[1:] == ["s = 1", "print(s)"]
    assert notebooks["beta"].cells[-2].metadata["tags"] == ["beta"]
    for notebook in notebooks.values():
        nbformat.validate(notebook)


def test_shared_cell_stands_once_if_outputs_agree_and_per_backend_if_not(small_book):
    small = small_book(*TAGS)
    small.chapter(cell("print(1)") + cell("print(s)"))
    small.pretend_executed(lambda c, b: printed(b.tag if "s" in c.source[-2:] else "1"))
    shown = [(c.source, c.metadata["backend"], c.outputs[0].text) for c in merged(small).cells[1:]]
    assert shown == [("print(1)", None, "1")] + [("print(s)", tag, tag) for tag in TAGS]


def test_pictures_are_shown_at_the_size_they_were_meant_to_have(small_book):
    small = small_book()
    small.chapter(cell("draw()"))
    small.pretend_executed(lambda c, b: [PICTURE] if c.source == "draw()" else [])
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
        ("```{code-cell}\n:tags: hide-input\n\n1\n```\n", r"x\.md: .*written `:tags: \[hide-"),
        (cell(""), r"x\.md, line 7, cell 2: the code cell is empty"),
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


PICTURE = nbformat.v4.new_output(
    "display_data", data={"image/png": "aGk="},
    metadata={"image/png": {"width": 350, "height": 250}},
)  # fmt: skip


def data_of(notebook):
    return notebook.cells[-1].outputs[1].data


def size_of(notebook):
    return notebook.cells[-1].outputs[1].metadata["image/png"]


def error_output(notebook):
    notebook.cells[-1].outputs = [nbformat.v4.new_output("error", ename="E", evalue="e")]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda s: (s.root / "x.alpha.ipynb").unlink(), r"x\.alpha\.ipynb is missing"),
        (lambda s: (s.root / "x.alpha.ipynb").write_text("{"), r"alpha\.ipynb is not a notebook"),
        (lambda s: (s.root / "x.alpha.ipynb").write_text("[]"), r"alpha\.ipynb is not a notebook"),
        (damage(lambda n: n.metadata.pop("book")), r"was not made by `make notebooks`"),
        (damage(error_output), r"code cell 3 \(cell-3\) holds an error"),
        (damage(lambda n: n.cells[-1].update(source="a = 3")), r"book: a = 3\n.*source:   a = 2"),
        (damage(lambda n: n.cells.pop()), r"has 2 code cells, but x\.md has 3 for Alpha"),
        (damage(lambda n: n.cells[-1].update(execution_count=None)), r"was never run"),
        (damage(lambda n: n.cells[-1].outputs[0].update(text="2")), r"its outputs are not those"),
        (damage(lambda n: n.cells[-1].outputs.pop()), r"its outputs are not those that its code"),
        (damage(lambda n: n.cells[-1].outputs.reverse()), r"its outputs are not those"),
        (damage(lambda n: data_of(n).update({"image/png": "YQ=="})), r"its outputs are not those"),
        (damage(lambda n: data_of(n).update({"text/html": "b"})), r"its outputs are not those"),
        (damage(lambda n: size_of(n).update(width=351)), r"its outputs are not those"),
    ],
)  # fmt: skip
def test_a_notebook_that_does_not_follow_from_its_source_stops_the_page(small_book, harm, message):
    small = small_book()
    small.chapter(cell("a = 1", "alpha") + cell("a = 2"))
    small.pretend_executed(lambda c, b: [*printed("1"), PICTURE] if c.id == "cell-3" else [])
    merged(small)
    harm(small)
    with pytest.raises(BookError, match=message) as error:
        merged(small)
    assert "make notebooks" in str(error.value) and "Alpha" in str(error.value)


def raw(change):
    """A function that changes the JSON of alpha's notebook, whatever nbformat thinks of it."""

    def change_(small):
        path = small.root / "x.alpha.ipynb"
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    return change_


def as_version_3(notebook):
    cells = [
        {"cell_type": "code", "language": "python", "input": c["source"], "outputs": [],
         "metadata": {}, "prompt_number": 1}
        for c in notebook["cells"] if c["cell_type"] == "code"
    ]  # fmt: skip
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def without(key):
    return lambda notebook: {k: v for k, v in notebook.items() if k != key}


def with_outputs(outputs):
    def change(notebook):
        notebook["cells"][-1]["outputs"] = outputs
        return notebook

    return change


def made(book):
    """A function that makes `book` the notebook's `metadata.book`."""
    return lambda notebook: {**notebook, "metadata": {**notebook["metadata"], "book": book}}


FINGERPRINT = {"fingerprint": "", "outputs": "", "seconds": 1}


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (raw(lambda n: None), "is not a notebook"),
        (raw(lambda n: 3), "is not a notebook"),
        (raw(lambda n: {}), "is not a notebook"),
        (raw(without("cells")), "is not a notebook"),
        (raw(without("metadata")), "is not a notebook"),
        (raw(lambda n: {**n, "nbformat": 99}), "is not a notebook"),
        (raw(lambda n: {**n, "cells": {}}), "is not a notebook"),
        (raw(lambda n: {**n, "cells": ["a"]}), "is not a notebook"),
        (raw(lambda n: {**n, "metadata": []}), "is not a notebook"),
        (raw(with_outputs({"text": "1"})), "is not a notebook"),
        (raw(with_outputs(["1"])), "is not a notebook"),
        (raw(with_outputs([{"output_type": "stream"}])), "is not a notebook"),
        (raw(without("nbformat")), "was not made by `make notebooks`"),
        (raw(as_version_3), "was not made by `make notebooks`"),
        (lambda s: (s.root / "x.alpha.ipynb").write_text(""), "is not a notebook"),
        (lambda s: (s.root / "x.alpha.ipynb").write_bytes(b"\xff\xfe{"), "is not a notebook"),
        *[
            (raw(made(book)), "was not made by `make notebooks`")
            for book in (
                [], ["fingerprint", "outputs", "seconds"], "fingerprint outputs seconds", 3, None,
                {**FINGERPRINT, "fingerprint": 3}, {**FINGERPRINT, "seconds": "1"},
                {**FINGERPRINT, "outputs": None}, {"fingerprint": "", "seconds": 1},
            )
        ],
    ],
)  # fmt: skip
def test_a_damaged_notebook_is_named_without_a_traceback(small_book, harm, message):
    small = small_book()
    small.chapter(cell("a = 2"))
    small.pretend_executed()
    harm(small)
    with pytest.raises(BookError, match=rf"^x\.alpha\.ipynb {message}.*run `make notebooks`"):
        merged(small)


def test_how_a_file_splits_strings_and_counts_runs_makes_no_difference(small_book):
    small = small_book()
    small.chapter(cell("print(1)"))
    small.pretend_executed(
        lambda c, b: [*printed("1\n2\n"), nbformat.v4.new_output("execute_result", {
            "text/plain": "a\nb", "image/png": "aGk=\n"}, execution_count=3)]
    )  # fmt: skip
    path = small.root / "x.alpha.ipynb"
    notebook = json.loads(path.read_text())
    stream, result = notebook["cells"][-1]["outputs"]
    stream["text"], result["data"]["text/plain"] = "1\n2\n", ["a", "\nb"]
    result["data"]["image/png"] = ["aG", "k=\n"]
    result["execution_count"] = notebook["cells"][-1]["execution_count"] = 9
    path.write_text(json.dumps(notebook))
    merged(small)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("file_format: mystnb\nkernelspec: {name: python3", r"x\.md, line 4: .* is no YAML: "),
        ("file_format: mystnb: 3", r"x\.md, line 2: .* no YAML: mapping values are not allowed"),
        ("file_format: mystnb\n\tkernelspec: 1", r"x\.md, line 3: the header is no YAML: found"),
        ("mystnb", r"x\.md, line 2: the header is 'mystnb', expected `key: value`"),
        ("jupytext: {text_representation: 3}", r"x\.md: text_representation in the header is 3"),
        ("jupytext: myst", r"x\.md: jupytext in the header is 'myst', not a mapping"),
    ],
)
def test_a_header_that_is_no_yaml_is_named_with_its_line(small_book, header, message):
    small = small_book()
    (small.root / "x.md").write_text(f"---\n{header}\n---\n\n# A\n\n{cell('1')}")
    with pytest.raises(BookError, match=message):
        small.book.chapters()
    env = SimpleNamespace(app=SimpleNamespace(book=small.book), docname="x")
    with pytest.raises(BookError, match=message):
        merge.merged_page((small.root / "x.md").read_text(), env)


def test_a_listed_chapter_that_is_not_there(small_book):
    small = small_book()
    with pytest.raises(BookError, match=r"_toc.yml lists 'x', but there is no x\.md"):
        small.book.chapters()


def test_a_page_without_cells_is_no_chapter(small_book):
    small = small_book()
    (small.root / "x.md").write_text("# Prose\n")
    assert small.book.chapters() == []


def test_a_byte_order_mark_changes_nothing_and_latin_1_is_refused(small_book):
    small = small_book()
    small.chapter(cell("1"))
    text = (small.root / "x.md").read_text()
    (small.root / "x.md").write_text(text, encoding="utf-8-sig")
    assert small.book.chapters() == ["x"]
    (small.root / "x.md").write_text(text + "é", encoding="latin-1")
    with pytest.raises(BookError, match=r"x\.md cannot be read as UTF-8 text"):
        small.book.chapters()


def test_chapters_are_in_reading_order(small_book):
    small = small_book()
    small.chapter(cell("1"))
    small.chapter(cell("1"), "y")
    (small.root / "prose.md").write_text("# Prose\n")
    (small.root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nparts:\n- numbered: true\n  chapters:\n"
        "  - file: prose\n  - file: y\n- chapters: [{file: x}]\n"
    )
    assert small.book.chapters() == ["y", "x"]


@pytest.mark.parametrize(
    "url", ["github.com/a/b", "https://example.org/a/b", "https://github.com/a"]
)
def test_a_repository_that_colab_and_binder_cannot_open(small_book, url):
    with pytest.raises(BookError, match=r"expected https://github\.com/OWNER/NAME"):
        _ = small_book(repository=url).book


def test_without_backends_the_settings_are_refused(small_book):
    small = small_book()
    (small.root / "_config.yml").write_text("title: x\n")
    with pytest.raises(BookError, match="expected under backends a list"):
        _ = small.book


@pytest.mark.parametrize("tags", [("alpha", "alpha"), ("save", "alpha"), ("hide-input",)])
def test_backends_need_tags_of_their_own(small_book, tags):
    with pytest.raises(BookError, match="the backends' tags are"):
        _ = small_book(*tags).book


def test_prose_may_change_without_new_notebooks(small_book):
    small = small_book()
    small.chapter("One.\n\n" + cell("print(1)") + cell("a = 1", "alpha"))
    small.pretend_executed(lambda c, b: printed(c.source))
    small.chapter(
        "One.\n\n+++\n\nTwo.\n\n" + cell("print(1)") + "Three.\n\n" + cell("a = 1", "alpha")
    )
    page = merged(small).cells
    assert [c.source for c in page][1:] == ["Two.", "print(1)", "Three.", "a = 1"]
    assert [c.outputs[0].text for c in page if c.cell_type == "code"] == ["print(1)", "a = 1"]


def test_how_often_a_cell_was_run_makes_no_difference(small_book):
    small = small_book()
    small.chapter(cell("1 + 1"))
    result = {"text/plain": "2"}
    small.pretend_executed(
        lambda c, b: [nbformat.v4.new_output("execute_result", result, execution_count=len(b.tag))]
    )
    assert [c.metadata["backend"] for c in merged(small).cells[1:]] == [None]


@pytest.mark.parametrize("repository", ["", "https://github.com/owner/name"])
def test_the_setup_cell_is_code_that_ipython_understands(small_book, repository):
    small = small_book(repository=repository)
    code = split.setup_cell(small.book, small.book.backends[0]).source
    compile(TransformerManager().transform_cell(code), "setup", "exec")
    assert len(code.splitlines()) <= 20
    assert ("%pip install" in code) == bool(repository)
