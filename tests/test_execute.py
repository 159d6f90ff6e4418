"""Executing: what is stale runs, what fails says so, and nothing is ever half-written."""

import os
import re
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from books import ROOT, cell
from clusters import cluster

from _ext import execute, kernel
from _ext.book import BookError
from _ext.files import write


def run(small, *arguments, monkeypatch) -> int:
    monkeypatch.chdir(small.root)
    return execute.main(list(arguments))


def outputs(small, tag="alpha") -> str:
    notebook = nbformat.read(small.root / f"x.{tag}.ipynb", as_version=4)
    return "".join(o.text for c in notebook.cells for o in c.get("outputs", []))


def test_every_backend_runs_its_cells_and_only_what_is_stale_runs_again(
    small_book, monkeypatch, capsys
):
    small = small_book()
    small.chapter(
        cell("import time; print(time.time())") + cell("print('a')", "alpha")
        + cell("print('b')", "beta")
    )  # fmt: skip
    assert run(small, monkeypatch=monkeypatch) == 0
    first = {tag: outputs(small, tag) for tag in ("alpha", "beta")}
    assert first["alpha"].endswith("\na\n") and first["beta"].endswith("\nb\n")
    shown = capsys.readouterr().err
    assert "x · Alpha" in shown and "x · Beta" in shown and "0:00:0" in shown

    # nothing changed: nothing runs; new prose: it is there, and nothing runs
    before = (small.root / "x.alpha.ipynb").read_text()
    run(small, monkeypatch=monkeypatch)
    assert (small.root / "x.alpha.ipynb").read_text() == before
    text = (small.root / "x.md").read_text() + "\nNew prose.\n"
    (small.root / "x.md").write_text(text)
    run(small, monkeypatch=monkeypatch)
    assert "New prose." in (small.root / "x.alpha.ipynb").read_text()
    assert {tag: outputs(small, tag) for tag in first} == first

    # one backend's cell changed: only that backend runs
    (small.root / "x.md").write_text(text.replace("print('b')", "print('c')"))
    run(small, monkeypatch=monkeypatch)
    assert outputs(small, "alpha") == first["alpha"]
    assert outputs(small, "beta") != first["beta"]


BOTH = {"alpha", "beta"}


@pytest.mark.parametrize(
    ("file", "change", "stale"),
    [
        ("d2l_shim/tools.py", lambda text: text + "x = 1\n", BOTH),
        ("d2l_shim/other.py", lambda text: "x = 1\n", set()),  # nobody imports it
        ("d2l_shim/beta.py", lambda text: text + "x = 1\n", {"beta"}),
        ("requirements.txt", lambda text: text.replace("1.26", "1.27"), BOTH),
        ("requirements.txt", lambda text: text + "ruff==1.0\n# a comment\n", set()),
        ("_config.yml", lambda text: text.replace('url: ""', "url: https://github.com/a/b"), set()),
    ],
)
def test_a_changed_shim_or_pin_makes_notebooks_stale_and_a_changed_setup_cell_does_not(
    small_book, monkeypatch, file, change, stale
):
    small = small_book()
    small.chapter(cell("import time; print(time.time())"))
    run(small, monkeypatch=monkeypatch)
    first = {tag: outputs(small, tag) for tag in BOTH}
    path = small.root / file
    path.write_text(change(path.read_text() if path.exists() else ""))
    run(small, monkeypatch=monkeypatch)
    assert {tag for tag in first if outputs(small, tag) != first[tag]} == stale


def edit_code(notebook):
    notebook.cells[-1].source += "  # edited in Jupyter"


def clear_outputs(notebook):
    notebook.cells[-1].update(outputs=[], execution_count=None)


def change_output(notebook):
    notebook.cells[-1].outputs[0].text = "2\n"


def forget_outputs(notebook):  # as notebooks were made before their outputs were hashed
    change_output(notebook)
    del notebook.metadata["book"]["outputs"]


def forget_all(notebook):
    del notebook.metadata["book"]


@pytest.mark.parametrize(
    "harm", [edit_code, clear_outputs, change_output, forget_outputs, forget_all]
)
def test_a_notebook_that_was_changed_by_hand_is_made_anew(small_book, monkeypatch, harm):
    small = small_book("alpha")
    small.chapter(cell("print(1)"))
    run(small, monkeypatch=monkeypatch)
    path = small.root / "x.alpha.ipynb"
    good = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    harm(notebook)
    nbformat.write(notebook, path)
    assert run(small, monkeypatch=monkeypatch) == 0
    mended = nbformat.read(path, as_version=4)
    assert mended.cells == good.cells
    assert mended.metadata["book"]["outputs"] == good.metadata["book"]["outputs"]


def test_equal_cells_keep_their_own_outputs(small_book, monkeypatch):
    small = small_book("alpha")
    small.chapter(cell("n = 0") + cell("n += 1; print(n)") + cell("n += 1; print(n)"))
    run(small, monkeypatch=monkeypatch)
    (small.root / "x.md").write_text((small.root / "x.md").read_text() + "\nMore prose.\n")
    run(small, monkeypatch=monkeypatch)
    assert outputs(small) == "1\n2\n"


def test_a_corrupt_notebook_is_made_anew(small_book, monkeypatch):
    small = small_book()
    small.chapter(cell("print(1)"))
    (small.root / "x.alpha.ipynb").write_text("{ not json")
    assert run(small, monkeypatch=monkeypatch) == 0
    assert outputs(small) == "1\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "raised ZeroDivisionError: division by zero"),
        ("import os; os._exit(1)", "took its kernel down"),
        ("while True: pass", "did not end within 3 s"),
        ("import sys; print('oh', file=sys.stderr)", "wrote to stderr"),
        ("import no_such_framework", "raised ModuleNotFoundError"),
    ],
)
def test_a_failing_cell_is_named_and_the_old_notebook_stays(
    small_book, monkeypatch, capfd, code, message
):
    small = small_book("alpha", "beta")
    small.chapter(cell("print(1)"))
    assert run(small, monkeypatch=monkeypatch) == 0
    old = (small.root / "x.alpha.ipynb").read_bytes()
    monkeypatch.setattr(kernel, "CELL_TIMEOUT", 3)
    small.chapter(cell("print(2)") + cell(code, "alpha"))
    assert run(small, monkeypatch=monkeypatch) == 1
    said = capfd.readouterr().err
    assert f"x.md, Alpha, cell-3 {message}" in said and code in said
    assert (small.root / "x.alpha.ipynb").read_bytes() == old
    assert outputs(small, "beta") == "2\n"  # the other backend's notebook is made all the same
    assert not list(small.root.glob("*.tmp"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (cell("print(1)") + cell("print(2000 * 'x')"),
         r"x\.md, Alpha, cell-3 has an output of 2,0\d\d bytes, more than 2,000: print less"),
        (3 * cell("print(900 * 'x')"),
         r"cell-2 has the largest of its outputs, 9\d\d bytes; together they have 2,[89]\d\d,"),
    ],
)  # fmt: skip
def test_outputs_too_large_to_be_shown_are_refused(small_book, monkeypatch, capfd, body, message):
    for limit in ("OUTPUT_LIMIT", "NOTEBOOK_LIMIT"):
        monkeypatch.setattr(kernel, limit, 2000)
    small = small_book("alpha")
    small.chapter(cell("print(1)"))
    assert run(small, monkeypatch=monkeypatch) == 0
    old = (small.root / "x.alpha.ipynb").read_bytes()
    small.chapter(body)
    assert run(small, monkeypatch=monkeypatch) == 1
    assert re.search(message, capfd.readouterr().err)
    assert (small.root / "x.alpha.ipynb").read_bytes() == old


def test_a_new_tolerance_is_written_without_running_anything(small_book, monkeypatch):
    small = small_book("alpha")
    small.chapter(cell("import time; print(time.time())", "alpha"))
    run(small, monkeypatch=monkeypatch)
    first = outputs(small)
    text = (small.root / "x.md").read_text()
    (small.root / "x.md").write_text(text.replace(":tags:", ":tolerance: {relative: 1}\n:tags:"))
    run(small, monkeypatch=monkeypatch)
    notebook = nbformat.read(small.root / "x.alpha.ipynb", as_version=4)
    assert notebook.cells[-1].metadata["tolerance"] == {"relative": 1} and outputs(small) == first


def test_a_shared_cell_that_fails_hints_at_a_missing_tag(small_book, monkeypatch, capfd):
    small = small_book("alpha")
    small.chapter(cell("torch.zeros(1)"))
    run(small, monkeypatch=monkeypatch)
    assert "is a tag missing?" in capfd.readouterr().err


def test_a_cache_that_cannot_be_written_is_named(small_book, monkeypatch, capfd):
    small = small_book("alpha")
    small.chapter(cell("import matplotlib; matplotlib.get_cachedir()"))
    (small.root / "a-file").write_text("")
    monkeypatch.setenv("MPLCONFIGDIR", str(small.root / "a-file"))
    assert run(small, monkeypatch=monkeypatch) == 1
    said = capfd.readouterr().err
    assert "wrote to stderr" in said and "a-file" in said and "MPLCONFIGDIR" in said
    assert not (small.root / "x.alpha.ipynb").exists()


def test_a_chapter_is_named_as_in_the_toc_or_as_a_file(small_book, monkeypatch):
    small = small_book("alpha")
    small.chapter(cell("1"))
    with pytest.raises(BookError, match=r"'y' is no chapter; _toc\.yml lists x"):
        run(small, "y", monkeypatch=monkeypatch)
    assert run(small, "./x.md", monkeypatch=monkeypatch) == 0


def test_notebooks_run_on_a_cluster_too(small_book, monkeypatch, capfd):
    pytest.importorskip("distributed")
    small = small_book()
    small.chapter(cell("import os; print(os.environ['WHERE'])") + cell("1 / 0", "beta"))
    monkeypatch.setenv("WHERE", "there")
    with cluster(small.root, 1, ROOT) as (address, _):
        monkeypatch.setenv("WHERE", "here")
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", address)
        assert run(small, monkeypatch=monkeypatch) == 1
    assert outputs(small) == "there\n"
    assert "x.md, Beta, cell-3 raised ZeroDivisionError" in capfd.readouterr().err
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:1")
    with pytest.raises(BookError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:1'"):
        run(small, monkeypatch=monkeypatch)


@pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")
def test_ctrl_c_stops_the_kernel_and_keeps_the_old_notebook(small_book):
    small = small_book("alpha")
    pid_file = small.root / "pid"
    small.chapter(cell(f"import os, time\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\n"
                       "time.sleep(60)"))  # fmt: skip
    (small.root / "x.alpha.ipynb").write_text("the old one")
    process = subprocess.Popen(
        [sys.executable, "-m", "_ext.execute"], cwd=small.root, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        # hear Ctrl-C, even where the tests were started in the background and do not
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    deadline = time.time() + 120
    while not (pid_file.exists() and pid_file.read_text()) and time.time() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130 and "stopped" in said and "Traceback" not in said
    assert (small.root / "x.alpha.ipynb").read_text() == "the old one"
    time.sleep(0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_a_file_that_cannot_be_written_is_left_alone(tmp_path):
    (tmp_path / "x.ipynb").mkdir()
    with pytest.raises(BookError, match=r"x\.ipynb cannot be written"):
        write(tmp_path / "x.ipynb", "new")
    with pytest.raises(BookError, match="cannot be written"):
        write(tmp_path / "missing" / "x.ipynb", "new")
    (tmp_path / "y").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "y", "new, then what no file can hold: \ud800")
    assert (tmp_path / "y").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.ipynb", "y"]
