"""The committed notebooks: they follow from their sources, and run wherever a learner starts."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from books import ROOT
from PIL import Image
from test_chapters import BACKENDS, BOOK, source_of

from _ext import execute, plain, save, split
from _ext.book import BookError
from _ext.executed import keep_outputs
from benchmarks.pictures import MADE_FROM, fingerprint

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
    keep_outputs(notebook, committed)
    assert notebook == committed, "run `make notebooks`"


@pytest.mark.parametrize("backend", BOOK.backends, ids=lambda b: b.tag)
def test_the_shim_holds_the_saved_cells(backend):
    files = save.saved_files(backend, BOOK)
    for path, code in files.items():
        assert path.read_text(encoding="utf-8") == code, "run `make notebooks`"
    assert set((ROOT / "d2l_shim" / "saved" / backend.module).glob("*.py")) == set(files)
    assert any("def update_D" in code for code in files.values())


def block_others(backend, folder):
    """Put modules into `folder` that let nobody import another framework."""
    for other in BOOK.backends:
        if other != backend:
            (folder / f"{other.module}.py").write_text("raise ModuleNotFoundError('blocked')")


@pytest.mark.parametrize(("chapter", "backend"), EACH)
def test_a_chapter_needs_its_own_framework_only(chapter, backend, tmp_path):
    """Its cells but for the trainings, which nbval runs and which take minutes."""
    block_others(backend, tmp_path)
    code = (
        "from test_chapters import BOOK, names_of\n"
        f"(backend,) = (b for b in BOOK.backends if b.tag == {backend.tag!r})\n"
        f"names_of({chapter!r}, backend)"
    )
    path = os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "tests")))
    environment = {**os.environ, "PYTHONPATH": path, "D2L_DATA": "embedded"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


@pytest.mark.parametrize(("chapter", "backend"), EACH[: len(BACKENDS)])
def test_a_notebook_runs_from_the_root_with_its_own_framework_only(
    chapter, backend, tmp_path, monkeypatch
):
    block_others(backend, tmp_path)
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


def test_a_notebook_far_from_the_shim_says_where_to_find_it(tmp_path, small_book):
    small = small_book()
    code = split.setup_cell(small.book, small.book.backends[0]).source
    far = tmp_path.parent / f"{tmp_path.name}-far"
    far.mkdir()
    command = [sys.executable, "-I", "-S", "-c", code]  # without site-packages
    run = subprocess.run(command, cwd=far, capture_output=True, text=True)
    assert "open this notebook inside the book's repository" in run.stderr.replace('"', "")


@pytest.mark.parametrize("drawing", sorted((ROOT / "chapters/img").glob("*.svg")), ids=str)
def test_a_drawings_png_is_of_today(drawing):
    with Image.open(drawing.with_suffix(".png")) as image:
        assert image.text[MADE_FROM] == fingerprint(drawing), "run `make pictures`"


def plain_of(small, body: str):
    """The plain counterpart of a chapter's first markdown cell."""
    small.chapter(body)
    plain._references.cache_clear()
    return split.split(small.source(), "x", small.book.backends[0], small.book).cells[1]


def test_prose_becomes_plain_markdown(small_book):
    small = small_book()
    (small.root / "g.png").write_bytes(b"a picture")
    (small.root / "references.bib").write_text(
        '@misc{a, author={Schmidh{\\"u}ber, J. and {Team C}}, title={T}, year={2001}}'
    )
    cell = plain_of(
        small,
        "(label)=\n## Section\n\n"
        "By {eq}`e` and {numref}`f`, as {footcite:t}`a` {footcite:p}`a`.\n\n"
        "$$\nx\n$$ (e)\n\n"
        "```{figure} g.svg\n:name: f\n:alt: What is there\n\nWhat to see.\n```\n\n"
        ":::{note} Beware.\nReally.\n:::\n\n:::{dropdown} Solution\nYes, {eq}`e`.\n:::\n\n"
        "{.caption}\nA caption\nwith {eq}`e`.\n\nA code span, ``{eq}`e` ``.\n\n"
        "- a list:\n\n  ```python\n  as_it_is = 'by {eq}`e`'\n\n\n  more = 1\n  ```\n- its end\n\n"
        "See [above](#label), ![or this](g.png).\n\n"
        "```{footbibliography}\n```\n",
    )
    assert cell.source.split("\n- Jürgen")[0].splitlines()[:-4] == [
        "# A chapter", "",
        "## Section", "",
        "By (1) and Figure 1, as Schmidhüber and Team C (2001) (Schmidhüber and Team C, 2001).", "",
        "$$", r"x \tag{1}", "$$", "",
        "![What is there](attachment:g.png)", "",
        "**Figure 1.** What to see.", "",
        "> **Note**", ">", "> Beware.", ">", "> Really.", "",
        "<details><summary>Solution</summary>", "",
        "Yes, (1).", "",
        "</details>", "",
        "*A caption", "with (1).*", "",
        "A code span, ``{eq}`e` ``.", "",
        "- a list:", "", "  ```python", "  as_it_is = 'by {eq}`e`'", "", "", "  more = 1", "  ```",
        "- its end", "",
        "See above, ![or this](attachment:g.png).",
    ]  # fmt: skip
    assert "2001" in cell.source.splitlines()[-1]
    assert cell.attachments == {"g.png": {"image/png": "YSBwaWN0dXJl"}}


@pytest.mark.parametrize(
    ("prose", "message"),
    [
        ("{strange}`x`", "cannot show the role {strange}"),
        ("```{strange}\n```", "cannot show the directive {strange}"),
        ("- ```{note}\n  Hi\n  ```", "note stands inside a list"),
        ("- $$\n  x\n  $$ (e)", "a labelled formula stands inside a list"),
        ("{eq}`nothing`", "no formula or figure of the book is labelled 'nothing'"),
        ("{footcite:t}`nobody`", "cites 'nobody', which references.bib does not hold"),
        ("{footcite:t}`nameless`", "'nameless' has no 'author' in the bibliography"),
        ("```{figure} missing.svg\n```", "the picture 'missing.svg' needs missing.png"),
        ("```{figure} g.png\n\nText\n```", "has a caption, so it needs a :name:"),
        ("\\begin{equation}\nx\n\\end{equation}", "write \\begin{equation*}"),
    ],
)
def test_prose_that_notebooks_cannot_show(small_book, prose, message):
    small = small_book()
    (small.root / "g.png").write_bytes(b"a picture")
    (small.root / "references.bib").write_text("@misc{nameless, title={T}, year={2001}}")
    with pytest.raises(BookError, match=re.escape(message)) as error:
        plain_of(small, prose)
    assert str(error.value).startswith("x.md")


def test_a_bibliography_that_is_none(small_book):
    small = small_book()
    (small.root / "references.bib").write_text("@misc{a, title=")
    with pytest.raises(BookError, match=r"references\.bib cannot be read as BibTeX"):
        plain_of(small, "{footcite:t}`a`")
