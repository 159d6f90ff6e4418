"""Digest: whether something is what it was. By content, because times lie after a checkout."""

from __future__ import annotations

import hashlib
import importlib.metadata
from functools import cache
from pathlib import Path

from .book import Book

ENGINE = Path(__file__).parent


def engine(book: Book) -> str:
    """Hash of what every page depends on: this engine, the settings, the references, packages."""
    files = [p for p in ENGINE.rglob("*") if p.is_file() and p.suffix != ".pyc"]
    files += [book.root / "_config.yml", *book.references]
    return digest(sorted(files), *packages())


@cache
def packages() -> tuple[str, ...]:
    """What is installed, with versions; read once, as this process has long imported it."""
    return tuple(sorted(f"{d.name}=={d.version}" for d in importlib.metadata.distributions()))


def digest(files: list[Path], *texts: str) -> str:
    """Hash of files' contents, and of texts; a file that is not there counts as such."""
    parts = [path.read_bytes() if path.is_file() else b"-" for path in files]
    parts += [text.encode() for text in texts]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
