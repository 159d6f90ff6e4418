"""Save: cells tagged `save` are repeated in the shim, so that later chapters can import them.

The chapter is where such code is written and explained; the shim's copy is generated, between two
marker lines of `d2l_shim/<module>.py`.
"""

from __future__ import annotations

import re

from . import split
from .book import SAVE, Backend, Book, BookError, read_text
from .files import write

BEGIN = "# --- saved from the chapters; edit them there (make notebooks) ---"
END = "# --- end of saved cells ---"


def saved_code(book: Book, backend: Backend) -> str:
    """All cells tagged `save` that a backend runs, over all chapters in reading order."""
    cells = []
    for chapter in book.chapters():
        source = split.read(read_text(book.source(chapter)), chapter, book)
        for cell in split.cells_of(source, backend):
            if SAVE not in cell.metadata["tags"]:
                continue
            try:
                compile(cell.source, f"{chapter}.md", "exec")
            except SyntaxError as error:
                raise BookError(
                    f"{chapter}.md, {cell.id}: a cell tagged {SAVE!r} must be plain Python, but "
                    f"line {error.lineno} is not ({error.msg}): {(error.text or '').strip()}"
                ) from error
            cells.append(cell.source)
    return "".join(f"\n\n{code}\n" for code in cells)


def shim_with(code: str, shim: str, name: str) -> str:
    """The text of a shim module with `code` between its markers."""
    if shim.count(BEGIN) != 1 or shim.count(END) != 1:
        raise BookError(f"{name}: expected the two lines\n  {BEGIN}\n  {END}\nonce each")
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    middle = f"{code}\n\n" if code else ""
    return re.sub(pattern, lambda _: f"{BEGIN}\n{middle}{END}", shim, flags=re.DOTALL)


def save(book: Book) -> None:
    """Bring the saved cells of every backend's shim module up to date."""
    for backend in book.backends:
        path = book.root / "d2l_shim" / f"{backend.module}.py"
        shim = read_text(path)
        fresh = shim_with(saved_code(book, backend), shim, path.name)
        if fresh != shim:
            write(path, fresh)
