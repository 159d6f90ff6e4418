"""Execute: run the notebooks whose code, shim or pins have changed since they last ran.

    python -m _ext.execute                      every chapter (this is `make notebooks`)
    python -m _ext.execute chapters/gaussian    one of them

Changed prose is written into the notebooks without running anything.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .book import Backend, Book, BookError, load, read_text
from .build import build
from .committed import committed, hash_of_outputs, keep_outputs
from .files import write
from .save import save
from .shim import code_used
from .split import SETUP_ID

RUNS_ON = ("numpy", "matplotlib", "matplotlib-inline", "ipython", "ipykernel")
# Seconds, here and in the tests. It stops endless loops, not slow machines: the slowest cell takes
# 100, and more than 600 beside other work.
CELL_TIMEOUT = 1800
# Bytes. The book's largest output is a picture of 200 kB, its largest notebook has 700 kB. A reader
# on a phone loads every output of a page, and git keeps every one for good.
OUTPUT_LIMIT = 1_000_000
NOTEBOOK_LIMIT = 4_000_000


def main(arguments: list[str]) -> int:
    """Bring the saved cells and all (or the named) chapters' notebooks up to date.

    Returns the exit status: 0, or 1 if a notebook could not be made (the others still are).
    """
    book = load(Path.cwd())
    save(book)
    chapters = [_chapter(argument, book) for argument in arguments] or book.chapters()
    written = unexecuted(book)  # a mistake in the prose shows now, not after an hour of executing
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
                    refresh(written[chapter, backend.tag], chapter, backend, book, progress)
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
    notebook: NotebookNode, chapter: str, backend: Backend, book: Book, progress: Progress
) -> None:
    """Give a notebook its outputs, by running it if the committed one is stale, and write it."""
    path = book.notebook(chapter, backend)
    stamp = fingerprint(notebook, backend, book)
    task = progress.add_task(
        f"{chapter.removeprefix('chapters/')} · {backend.label}",
        total=len(notebook.cells), state="",
    )  # fmt: skip
    try:
        old = committed(notebook, chapter, backend, book)
    except BookError:
        old = None  # missing, damaged or of other code: all the same here
    if old and old.metadata["book"]["fingerprint"] == stamp:
        keep_outputs(notebook, old)
        state = "fresh"
    else:
        start = time.perf_counter()
        execute(notebook, f"{chapter}.md, {backend.label}", path.parent, progress, task)
        seconds = round(time.perf_counter() - start, 1)
        notebook.metadata["book"] = {
            "fingerprint": stamp, "outputs": hash_of_outputs(notebook), "seconds": seconds
        }  # fmt: skip
        state = "executed"
    content = nbformat.writes(notebook) + "\n"
    if not path.is_file() or path.read_bytes() != content.encode():
        write(path, content)
    progress.update(task, completed=len(notebook.cells), state=state)
    progress.stop_task(task)


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


def execute(notebook: NotebookNode, where: str, folder: Path, progress=None, task=None) -> None:
    """Run all cells in a fresh kernel that starts in `folder`; the outputs land in `notebook`.

    Raises BookError, naming the cell, if one raises, warns on stderr, takes more than
    CELL_TIMEOUT seconds, takes the kernel with it, or shows more than OUTPUT_LIMIT bytes; and if
    all show more than NOTEBOOK_LIMIT.
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
    _check_sizes(notebook, where)
    # which machine and Python ran it says nothing to a reader and would churn every diff
    notebook.metadata["language_info"] = NotebookNode(name="python")


def _check_sizes(notebook: NotebookNode, where: str) -> None:
    """Raise BookError if an output, or all of them, are too large to be shown and kept."""
    sizes = [
        (len(json.dumps(output)), cell)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    total = sum(size for size, _ in sizes)
    largest, cell = max(sizes, key=lambda one: one[0], default=(0, None))
    remedy = "print less, or draw smaller or fewer pictures"
    if largest > OUTPUT_LIMIT:
        seen = f"has an output of {largest:,} bytes, more than {OUTPUT_LIMIT:,}: {remedy}"
        raise BookError(_problem(where, cell, seen))
    if total > NOTEBOOK_LIMIT:
        seen = (
            f"has the largest of its outputs, {largest:,} bytes; together they have {total:,}, "
            f"more than {NOTEBOOK_LIMIT:,}: {remedy}"
        )
        raise BookError(_problem(where, cell, seen))


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
        return f"found no kernel ({error}): pip install ipykernel"
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
