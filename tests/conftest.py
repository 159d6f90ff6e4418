"""Fixtures: a small book for the tests of the engine, and the real one, built."""

import subprocess
import sys
from pathlib import Path

import pytest
from books import ROOT, SmallBook


@pytest.fixture
def small_book(tmp_path):
    """Factory of a small book with the given backends."""

    def make(*tags: str, repository: str = "") -> SmallBook:
        return SmallBook(tmp_path, tags or ("alpha", "beta"), repository)

    return make


@pytest.fixture(scope="session")
def site() -> Path:
    """The whole book, built as `make book` builds it."""
    subprocess.run(
        [Path(sys.executable).parent / "jupyter-book", "build", "-W", "-n", "."],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return ROOT / "_build" / "html"
