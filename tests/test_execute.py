"""Executing: what is stale runs, what fails says so, and nothing is ever half-written."""

import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest
from books import ROOT, cell

from _ext import execute
from _ext.book import BookError
from _ext.files import write
from _ext.save import BEGIN, END, save, shim_with


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


@pytest.mark.parametrize(
    ("file", "stale"),
    [("d2l_shim/tools.py", {"alpha", "beta"}), ("d2l_shim/beta.py", {"beta"}),
     ("requirements.txt", {"alpha", "beta"})],
)  # fmt: skip
def test_a_changed_shim_or_pin_makes_notebooks_stale(small_book, monkeypatch, file, stale):
    small = small_book()
    small.chapter(cell("import time; print(time.time())"))
    run(small, monkeypatch=monkeypatch)
    first = {tag: outputs(small, tag) for tag in ("alpha", "beta")}
    path = small.root / file
    path.write_text((path.read_text() if path.exists() else "") + "\nmatplotlib==1.0\n# changed\n")
    run(small, monkeypatch=monkeypatch)
    assert {tag for tag in first if outputs(small, tag) != first[tag]} == stale


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
    monkeypatch.setattr(execute, "CELL_TIMEOUT", 3)
    small.chapter(cell("print(2)") + cell(code, "alpha"))
    assert run(small, monkeypatch=monkeypatch) == 1
    said = capfd.readouterr().err
    assert f"x.md, Alpha, cell-3 {message}" in said and code in said
    assert (small.root / "x.alpha.ipynb").read_bytes() == old
    assert outputs(small, "beta") == "2\n"  # the other backend's notebook is made all the same
    assert not list(small.root.glob("*.tmp"))


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


def test_an_unknown_chapter(small_book, monkeypatch, capfd):
    small = small_book("alpha")
    small.chapter(cell("1"))
    assert run(small, "y", monkeypatch=monkeypatch) == 1
    assert "y.md cannot be read" in capfd.readouterr().err


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
    )  # fmt: skip
    deadline = time.time() + 30
    while not (pid_file.exists() and pid_file.read_text()) and time.time() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
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
    assert [path.name for path in tmp_path.iterdir()] == ["x.ipynb"]


def test_saved_cells_are_copied_to_their_backends_shim(small_book):
    small = small_book()
    small.chapter(
        cell("def f():\n    return 'alpha'", "alpha", "save")
        + cell("def f():\n    return 'beta'", "beta", "save")
        + cell("def g():\n    return f()", "save") + cell("h = 1", "alpha")
    )  # fmt: skip
    save(small.book)
    for tag in ("alpha", "beta"):
        names = {}
        exec((small.root / "d2l_shim" / f"{tag}.py").read_text(), names)
        assert names["g"]() == tag and "h" not in names
    text = (small.root / "d2l_shim" / "alpha.py").read_text()
    save(small.book)
    assert (small.root / "d2l_shim" / "alpha.py").read_text() == text


def test_a_shim_without_markers_is_refused():
    with pytest.raises(BookError, match="expected the two lines"):
        shim_with("code", f"{BEGIN}\n", "alpha.py")
    assert shim_with("", f"{BEGIN}\nold\n{END}\n", "alpha.py") == f"{BEGIN}\n{END}\n"
