"""The committed notebooks: they follow from their sources, and run wherever a learner starts."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from books import ROOT
from nbval.plugin import get_sanitize_patterns
from the_book import BACKENDS, BOOK

from _ext import compare, execute, kernel, save, split
from _ext.committed import keep_outputs

EACH = [
    pytest.param(chapter, param.values[0], marks=param.marks, id=f"{chapter}-{param.id}")
    for chapter in BOOK.chapters()
    for param in BACKENDS
]


@pytest.fixture(scope="module")
def unexecuted():
    return execute.unexecuted(BOOK)


@pytest.mark.parametrize(("chapter", "backend"), [param.values for param in EACH])
def test_a_committed_notebook_is_what_its_source_makes(unexecuted, chapter, backend):
    notebook = unexecuted[chapter, backend.tag]
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
        "from the_book import BOOK, names_of\n"
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
    kernel.execute(rerun, chapter, ROOT)
    masks = get_sanitize_patterns((ROOT / "tests" / "nbval.cfg").read_text(encoding="utf-8"))
    for cell, now in zip(committed.cells, rerun.cells, strict=True):
        if cell.cell_type == "code":
            allowed = cell.metadata.get("tolerance", {})
            assert not list(compare.differences(cell.outputs, now.outputs, allowed, masks)), cell.id


def test_a_notebook_far_from_the_shim_says_where_to_find_it(tmp_path, small_book):
    small = small_book()
    code = split.setup_cell(small.book, small.book.backends[0]).source
    far = tmp_path.parent / f"{tmp_path.name}-far"
    far.mkdir()
    command = [sys.executable, "-I", "-S", "-c", code]  # without site-packages
    run = subprocess.run(command, cwd=far, capture_output=True, text=True)
    said = re.sub(r'"\s+"', "", run.stderr)
    assert "ModuleNotFoundError: d2l_shim is not here. It is in the zip" in said
