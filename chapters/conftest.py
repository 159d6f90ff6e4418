"""Skip, and report as skipped, the notebooks of a framework that is not installed."""

import importlib.util
from pathlib import Path

import pytest

from _ext.book import load


def pytest_collection_modifyitems(items):
    for backend in load(Path(__file__).parent.parent).backends:
        if importlib.util.find_spec(backend.module) is None:
            missing = pytest.mark.skip(reason=f"{backend.label} is not installed")
            for item in items:
                if item.path.name.endswith(f".{backend.tag}.ipynb"):
                    item.add_marker(missing)
