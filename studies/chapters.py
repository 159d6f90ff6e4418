"""Chapters: what their code cells define, run outside of a notebook and with any seed."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import matplotlib
from nbformat import NotebookNode

from _ext import split
from _ext.book import Backend, Book, BookError, load, read_text
from _ext.execute import fingerprint

ROOT = Path(__file__).resolve().parent.parent


@cache
def book() -> Book:
    """The settings of this book."""
    return load(ROOT)


def backend(tag: str) -> Backend:
    """One of the book's backends: "pytorch"."""
    return next(one for one in book().backends if one.tag == tag)


def names(chapter: str, backend: Backend, until: str = "", seed: int = 0) -> dict:
    """What a chapter's cells define, up to the one that holds `until`, if that is said.

    Nothing is printed or shown. BookError if no cell holds `until`. Of a part of a chapter, a
    process runs the cells once.
    """
    return dict(_part(chapter, backend, until, seed)) if until else _run(chapter, backend, "", seed)


def _run(chapter: str, backend: Backend, until: str, seed: int) -> dict:
    matplotlib.use("agg")
    found: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells(chapter, backend):
            code = re.sub(r"(?m)^%.*\n?|^d2l\.plt\.show\(\)", "", cell.source)
            exec(code.replace("set_seed(0)", f"set_seed({seed})"), found)
            if until and until in cell.source:
                return found
    if until:
        raise BookError(f"the chapter {chapter} has no cell with {until!r}")
    return found


_part = cache(_run)


def fingerprints(chapters: Iterable[str], tags: Iterable[str]) -> list[str]:
    """Hashes of the code of chapters, of what it uses of the shim, and of its pins."""
    return [
        fingerprint(NotebookNode(cells=cells(chapter, backend(tag))), backend(tag), book())
        for chapter in chapters
        for tag in tags
    ]


def cells(chapter: str, backend: Backend) -> list[NotebookNode]:
    """A chapter's code cells."""
    docname = f"chapters/{chapter}"
    source = split.read(read_text(book().source(docname)), docname, book())
    return split.cells_of(source, backend)
