"""Execute: run the notebooks whose code, shim or pins have changed since they last ran.

    python -m _ext.execute                      every chapter (this is `make notebooks`)
    python -m _ext.execute chapters/gaussian    one of them

Changed prose is written into the notebooks without running anything.
"""

from __future__ import annotations

import hashlib
import re
import sys
import time
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import split
from .book import Backend, Book, BookError, load, read_text
from .executed import executed, keep_outputs
from .files import write
from .save import save
from .shim import code_used

RUNS_ON = ("numpy", "matplotlib", "matplotlib-inline", "ipython", "ipykernel")
CELL_TIMEOUT = 600  # seconds; a cell that needs more is a cell that no learner waits for


def main(arguments: list[str]) -> int:
    """Bring the saved cells and all (or the named) chapters' notebooks up to date.

    Returns the exit status: 0, or 1 if a notebook could not be made (the others still are).
    """
    book = load(Path.cwd())
    save(book)
    chapters = [_chapter(argument, book) for argument in arguments] or list(book.chapters())
    failures = []
    # rich: its bars go on counting while a cell runs; tqdm draws only when it is called
    columns = (
        TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("{task.fields[state]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for chapter in chapters:
            for backend in book.backends:
                try:
                    refresh(chapter, backend, book, progress)
                except BookError as error:
                    failures.append(error)
    for error in failures:
        print(f"\n{error}", file=sys.stderr)
    return 1 if failures else 0


def _chapter(argument: str, book: Book) -> str:
    """The docname of a chapter that was named on the command line, with or without `.md`."""
    chapter = Path(argument).as_posix().removesuffix(".md")
    if chapter not in book.chapters():
        known = ", ".join(book.chapters())
        raise BookError(f"{argument!r} is no chapter; _toc.yml lists {known}")
    return chapter


def refresh(chapter: str, backend: Backend, book: Book, progress: Progress) -> None:
    """Write one notebook: executed if it is stale, with new prose if only that changed."""
    path = book.notebook(chapter, backend)
    source = split.read(read_text(book.source(chapter)), chapter, book)
    notebook = split.split(source, chapter, backend, book)
    stamp = fingerprint(notebook, backend, book)
    task = progress.add_task(
        f"{chapter.removeprefix('chapters/')} · {backend.label}",
        total=len(notebook.cells), state="",
    )  # fmt: skip
    try:
        old = executed(source, chapter, backend, book)
    except BookError:
        old = None  # missing, damaged or of other code: all the same here
    if old and old.metadata["book"]["fingerprint"] == stamp:
        keep_outputs(notebook, old)
        state = "fresh"
    else:
        start = time.perf_counter()
        execute(notebook, f"{chapter}.md, {backend.label}", path.parent, progress, task)
        seconds = round(time.perf_counter() - start, 1)
        notebook.metadata["book"] = {"fingerprint": stamp, "seconds": seconds}
        state = "executed"
    content = nbformat.writes(notebook) + "\n"
    if not path.is_file() or path.read_bytes() != content.encode():
        write(path, content)
    progress.update(task, completed=len(notebook.cells), state=state)
    progress.stop_task(task)


def fingerprint(notebook: NotebookNode, backend: Backend, book: Book) -> str:
    """Hash of all that a notebook's outputs follow from: its code, its part of the shim, pins."""
    cells = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}
    # the setup cell is ours: it finds the shim and uses nothing of it
    shim = code_used([code for name, code in cells.items() if name != "setup"], backend, book)
    pins = [
        line.partition("#")[0].strip()
        for line in read_text(book.root / "requirements.txt").splitlines()
        if re.match(r"[\w.-]*", line)[0].lower() in {*RUNS_ON, backend.module}
    ]
    return hashlib.sha256("\0".join([*cells.values(), *shim, *pins]).encode()).hexdigest()[:16]


def execute(notebook: NotebookNode, where: str, folder: Path, progress=None, task=None) -> None:
    """Run all cells in a fresh kernel that starts in `folder`; the outputs land in `notebook`.

    Raises BookError, naming the cell, if one raises, warns on stderr, takes more than
    CELL_TIMEOUT seconds, or takes the kernel with it.
    """
    now = {"cell": None}

    def on_start(cell, cell_index):
        now["cell"] = cell
        if progress:
            first = cell.source.strip().splitlines()[:1]
            progress.update(task, completed=cell_index, state=f"{cell.id}: {first[0][:40]}")

    client = NotebookClient(
        notebook, timeout=CELL_TIMEOUT, kernel_name="python3", record_timing=False,
        coalesce_streams=True,  # or what is printed is cut where the clock happens to
        resources={"metadata": {"path": str(folder)}}, on_cell_execute=on_start,
        extra_arguments=["--log-level=CRITICAL"],  # what the kernel says of itself is no output
    )  # fmt: skip
    try:
        client.execute()
    except Exception as error:
        # nbclient answers Ctrl-C by stopping the kernel, and then stumbles over the dead kernel
        if hasattr(client, "_async_cleanup_kernel_future"):
            raise KeyboardInterrupt from None
        raise BookError(_problem(where, now["cell"], _why(error, now["cell"]))) from error
    for cell in notebook.cells:
        streams = (o for o in cell.get("outputs", []) if o.output_type == "stream")
        warnings = "".join(o.text for o in streams if o.name == "stderr").strip()
        if warnings:
            seen = f"wrote to stderr, and readers would see it:\n{warnings}"
            raise BookError(_problem(where, cell, seen))
    # which machine and Python ran it says nothing to a reader and would churn every diff
    notebook.metadata["language_info"] = NotebookNode(name="python")


def _why(error: Exception, cell: NotebookNode | None) -> str:
    """What became of a cell, in words; errors that are none of ours go on their way."""
    if isinstance(error, CellExecutionError):
        shared = not cell.metadata.get("tags")
        hint = "\n(an untagged cell runs in every backend: is a tag missing?)" if shared else ""
        return f"raised {error.ename}: {error.evalue}{hint}"
    if isinstance(error, CellTimeoutError):
        return f"did not end within {CELL_TIMEOUT} s: make it quicker, or find its endless loop"
    if isinstance(error, (DeadKernelError, RuntimeError)):
        return "took its kernel down (out of memory, or a crash in compiled code)"
    if isinstance(error, NoSuchKernel):
        return f"found no kernel ({error}): pip install -r requirements.txt"
    raise error


def _problem(where: str, cell: NotebookNode | None, what: str) -> str:
    if cell is None:
        return f"{where}: the first cell was not reached: the kernel {what}"
    code = "\n".join(f"    {line}" for line in cell.source.splitlines())
    return f"{where}, {cell.id} {what}\n{code}\nThe old notebook, if any, is as it was."


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BookError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        print("\nstopped; the notebook that was running is as it was", file=sys.stderr)
        sys.exit(130)
