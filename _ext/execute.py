"""Execute: run the notebooks whose code, shim or pins have changed since they last ran.

    python -m _ext.execute                      every chapter (this is `make notebooks`)
    python -m _ext.execute chapters/gaussian    one of them

Notebooks run side by side, as many as there are cores; on a Dask cluster if the environment names
its scheduler, DASK_SCHEDULER_ADDRESS. Changed prose is written without running anything.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat
from joblib import Parallel, delayed
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from .book import Backend, Book, BookError, load, read_text
from .build import build
from .committed import committed, hash_of_outputs, keep_outputs
from .files import write
from .kernel import execute
from .save import save
from .shim import code_used
from .split import SETUP_ID
from .workers import workers

RUNS_ON = ("numpy", "matplotlib", "matplotlib-inline", "ipython", "ipykernel")


def main(arguments: list[str]) -> int:
    """Bring the saved cells and all (or the named) chapters' notebooks up to date.

    Returns the exit status: 0, or 1 if a notebook could not be made (the others still are).
    """
    book = load(Path.cwd())
    save(book)
    chapters = [_chapter(argument, book) for argument in arguments] or book.chapters()
    written = unexecuted(book)  # a mistake in the prose shows now, not after an hour of executing
    # rich: its bars go on counting while a cell runs; tqdm draws only when it is called
    columns = (
        TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("{task.fields[state]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        failures = refresh(written, chapters, book, progress)
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    return 1 if failures else 0


def _chapter(argument: str, book: Book) -> str:
    """The docname of a chapter that was named on the command line, with or without `.md`."""
    chapter = Path(argument).as_posix().removesuffix(".md")
    if chapter not in book.chapters():
        known = ", ".join(book.chapters())
        raise BookError(f"{argument!r} is no chapter; _toc.yml lists {known}")
    return chapter


def unexecuted(book: Book) -> dict[tuple[str, str], NotebookNode]:
    """All notebooks as their chapters write them, without outputs: {(chapter, tag): notebook}."""
    with tempfile.TemporaryDirectory() as cache:
        build(book.root, Path(cache), "notebook", settings={"show_outputs": False})
        return {
            (chapter, backend.tag): nbformat.read(
                Path(cache, "notebook", f"{chapter}.{backend.tag}.ipynb"), as_version=4
            )
            for chapter in book.chapters()
            for backend in book.backends
        }


def refresh(
    written: dict[tuple[str, str], NotebookNode], chapters: list[str], book: Book,
    progress: Progress,
) -> list[str]:  # fmt: skip
    """Give notebooks their outputs, by running those that are stale, and write them.

    Returns what went wrong, a text for each notebook that could not be made.
    """
    stale, tasks = [], {}
    for chapter in chapters:
        for backend in book.backends:
            name, notebook = (chapter, backend.tag), written[chapter, backend.tag]
            tasks[name] = progress.add_task(
                f"{chapter.removeprefix('chapters/')} · {backend.label}",
                total=len(notebook.cells), state="", start=False,
            )  # fmt: skip
            stamp = fingerprint(notebook, backend, book)
            try:
                old = committed(notebook, chapter, backend, book)
            except BookError:
                old = None  # missing, damaged or of other code: all the same here
            if old and old.metadata["book"]["fingerprint"] == stamp:
                keep_outputs(notebook, old)
                publish(notebook, book.notebook(chapter, backend))
                progress.update(tasks[name], completed=len(notebook.cells), state="fresh")
            else:
                notebook.metadata["book"] = {"fingerprint": stamp}
                stale.append((name, f"{chapter}.md, {backend.label}"))
    paths = {(c, b.tag): book.notebook(c, b) for c in chapters for b in book.backends}
    # Threads that wait sleep: spinning, they take the processor from the notebooks beside them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    scheduler = os.environ.get("DASK_SCHEDULER_ADDRESS")
    failures = []
    # in threads, as every notebook has its kernel, a process of its own
    with workers("threading", scheduler=scheduler):
        jobs = (
            delayed(run)(
                name, written[name], where, os.path.relpath(paths[name].parent),
                None if scheduler else partial(_show, progress, tasks[name]),
            )
            for name, where in stale
        )  # fmt: skip
        for name, notebook, failure in Parallel(return_as="generator_unordered")(jobs):
            if failure:
                failures.append(failure)
            else:
                publish(notebook, paths[name])
            state = "failed" if failure else "executed"
            progress.update(tasks[name], completed=len(notebook.cells), state=state)
            progress.stop_task(tasks[name])
    return failures


def run(
    name: tuple[str, str], notebook: NotebookNode, where: str, folder: str, show: Callable | None
) -> tuple[tuple[str, str], NotebookNode, str]:
    """Execute a notebook; (name, the notebook with its outputs, what went wrong or "")."""
    start = time.perf_counter()
    try:
        execute(notebook, where, Path(folder), show)
    except BookError as error:
        return name, notebook, str(error)
    seconds = round(time.perf_counter() - start, 1)
    notebook.metadata["book"] |= {"outputs": hash_of_outputs(notebook), "seconds": seconds}
    return name, notebook, ""


def _show(progress: Progress, task: TaskID, cell: NotebookNode, index: int) -> None:
    """Say which cell is running."""
    progress.start_task(task)  # nothing new, if it is no longer the first
    first = cell.source.strip().splitlines()[:1]
    progress.update(task, completed=index, state=f"{cell.id}: {first[0][:40]}")


def publish(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, if that changes anything."""
    content = nbformat.writes(notebook) + "\n"
    if not path.is_file() or path.read_bytes() != content.encode():
        write(path, content)


def fingerprint(notebook: NotebookNode, backend: Backend, book: Book) -> str:
    """Hash of all that a notebook's outputs follow from: its code, its part of the shim, pins.

    Nothing follows from the setup cell but that the shim is found.
    """
    cells = [c.source for c in notebook.cells if c.cell_type == "code" and c.id != SETUP_ID]
    shim = code_used(cells, backend, book)
    pinned = book.root / "requirements.txt"
    pins = [
        line.partition("#")[0].strip()
        for line in (read_text(pinned).splitlines() if pinned.is_file() else [])
        if re.match(r"[\w.-]*", line)[0].lower() in {*RUNS_ON, backend.module}
    ]
    return hashlib.sha256("\0".join([*cells, *shim, *pins]).encode()).hexdigest()[:16]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BookError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        print("\nstopped; the notebook that was running is as it was", file=sys.stderr)
        sys.exit(130)
