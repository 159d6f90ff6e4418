"""The committed notebooks: they follow from their sources, and run wherever a learner starts."""

import re
import subprocess
import sys

import nbformat
import pytest
from books import ROOT
from test_chapters import BACKENDS, BOOK, source_of

from _ext import execute, plain, save, split
from _ext.book import BookError

EACH = [
    pytest.param(chapter, param.values[0], marks=param.marks, id=f"{chapter}-{param.id}")
    for chapter in BOOK.chapters()
    for param in BACKENDS
]


@pytest.mark.parametrize(("chapter", "backend"), [param.values for param in EACH])
def test_a_committed_notebook_is_what_its_source_makes(chapter, backend):
    notebook = split.split(source_of(chapter), chapter, backend, BOOK)
    committed = nbformat.read(BOOK.notebook(chapter, backend), as_version=4)
    stamp = execute.fingerprint(notebook, backend, BOOK)
    assert committed.metadata["book"]["fingerprint"] == stamp, "run `make notebooks`"
    execute.keep_outputs(notebook, committed)
    assert notebook == committed, "run `make notebooks`"


@pytest.mark.parametrize("backend", BOOK.backends, ids=lambda b: b.tag)
def test_the_shim_holds_the_saved_cells(backend):
    path = ROOT / "d2l_shim" / f"{backend.module}.py"
    shim = path.read_text(encoding="utf-8")
    code = save.saved_code(BOOK, backend)
    assert save.shim_with(code, shim, path.name) == shim, "run `make notebooks`"
    assert "def update_D" in code


@pytest.mark.parametrize(("chapter", "backend"), EACH)
def test_a_notebook_runs_from_the_root_with_its_own_framework_only(
    chapter, backend, tmp_path, monkeypatch
):
    for other in BOOK.backends:
        if other != backend:
            (tmp_path / f"{other.module}.py").write_text("raise ModuleNotFoundError('blocked')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    committed = nbformat.read(BOOK.notebook(chapter, backend), as_version=4)
    rerun = nbformat.from_dict(committed)
    execute.execute(rerun, chapter, ROOT)
    assert printed(rerun) == printed(committed)


def printed(notebook) -> list[str]:
    """What a notebook's cells printed, without the speeds."""
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    text = [o.text for o in outputs if o.output_type == "stream"]
    return [re.sub(r"[\d.]+ examples/sec", "N examples/sec", t) for t in text]


def test_a_notebook_far_from_the_shim_says_where_to_find_it(tmp_path):
    backend = BOOK.backends[0]
    code = split.setup_cell(BOOK, backend).source
    run = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert "open this notebook inside a checkout" in run.stderr


def test_prose_becomes_plain_markdown(small_book):
    small = small_book()
    (small.root / "g.svg").write_text("<svg/>")
    (small.root / "references.bib").write_text(
        "@misc{a, author={Ab, A. and Cd, C.}, title={T}, year={2001}}"
    )
    small.chapter(
        "(label)=\n## Section\n\n"
        "By {eq}`e` and {numref}`f`, as {footcite:t}`a` {footcite:p}`a`.\n\n"
        "$$\nx\n$$ (e)\n\n"
        "```{figure} g.svg\n:name: f\n:alt: What is there\n\nWhat to see.\n```\n\n"
        ":::{note}\nBeware.\n:::\n\n:::{dropdown} Solution\nYes, {eq}`e`.\n:::\n\n"
        "{.caption}\nA caption.\n\n```python\nas_it_is = 'by {eq}`e`'\n```\n\n"
        "```{footbibliography}\n```\n"
    )
    cell = split.split(small.source(), "x", small.book.backends[0], small.book).cells[1]
    lines = cell.source.splitlines()
    assert lines[:30] == [
        "# A chapter", "",
        "## Section", "",
        "By (1.1) and Figure 1.1, as Ab and Cd (2001) (Ab and Cd, 2001).", "",
        "$$", r"x \tag{1.1}", "$$", "",
        "![What is there](attachment:g.svg)", "",
        "**Figure 1.1.** What to see.", "",
        "> **Note**", ">", "> Beware.", "",
        "<details><summary>Solution</summary>", "",
        "Yes, (1.1).", "",
        "</details>", "",
        "A caption.", "",
        "```python", "as_it_is = 'by {eq}`e`'", "```", "",
    ]  # fmt: skip
    assert lines[30].startswith("- A") and "Cd" in lines[30]
    assert cell.attachments == {"g.svg": {"image/svg+xml": "PHN2Zy8+"}}


@pytest.mark.parametrize(
    ("prose", "message"),
    [
        ("{strange}`x`", "cannot show the role {strange}"),
        ("```{strange}\n```", "cannot show the directive {strange}"),
        ("- ```{note}\n  Hi\n  ```", "{note} stands inside a list"),
        ("{footcite:t}`nobody`", "cites 'nobody', which references.bib does not hold"),
        ("```{figure} missing.svg\n```", "the figure 'missing.svg' cannot be read"),
    ],
)
def test_prose_that_notebooks_cannot_show(small_book, prose, message):
    small = small_book()
    small.chapter(prose)
    plain._references.cache_clear()
    with pytest.raises(BookError, match=re.escape(message)):
        split.split(small.source(), "x", small.book.backends[0], small.book)
