"""Kernel: run the cells of one notebook, and say what went wrong in which."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from .book import BookError

# Seconds, here and in the tests. It stops endless loops, not slow machines: the slowest cell takes
# 100, and more than 600 beside other work.
CELL_TIMEOUT = 1800
# Bytes. The book's largest output is a picture of 200 kB, its largest notebook has 700 kB. A reader
# on a phone loads every output of a page, and git keeps every one for good.
OUTPUT_LIMIT = 1_000_000
NOTEBOOK_LIMIT = 4_000_000


def execute(notebook: NotebookNode, where: str, folder: Path, show: Callable | None = None) -> None:
    """Run all cells in a fresh kernel that starts in `folder`; the outputs land in `notebook`.

    `show(cell, index)` is called before each.

    Raises BookError, naming the cell, if one raises, warns on stderr, takes more than
    CELL_TIMEOUT seconds, takes the kernel with it, or shows more than OUTPUT_LIMIT bytes; and if
    all show more than NOTEBOOK_LIMIT.
    """
    now = {"cell": None}

    def on_start(cell, cell_index):
        now["cell"] = cell
        if show:
            show(cell, cell_index)

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
