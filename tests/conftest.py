"""Fixtures: a small book for the tests of the engine, and the real one, built."""

import subprocess
import sys
from pathlib import Path

import pytest
from backends import BACKENDS, backend
from books import ROOT, SmallBook


def pytest_make_parametrize_id(val, argname):
    """Bytes do not name a test: those of a gzip file hold the time, and xdist's workers, which
    must collect the same names, start at different seconds."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(params=BACKENDS)
def d2l(request):
    """Each backend's side of the shim."""
    return backend(request.param)


@pytest.fixture
def small_book(tmp_path):
    """Factory of a small book with the given backends."""

    def make(*tags: str, repository: str = "") -> SmallBook:
        return SmallBook(tmp_path, tags or ("alpha", "beta"), repository)

    return make


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The whole book in all languages, built as `make book` builds it."""
    out = tmp_path_factory.mktemp("site")  # not _build, where yesterday's pages may lie
    command = [sys.executable, "-m", "_ext.editions", out]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return out
