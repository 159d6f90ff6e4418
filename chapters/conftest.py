"""Skip, and report as skipped, the notebooks that cannot give their digits here."""

import importlib.util
import platform
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
    # Chaotic trainings amplify the last bit, which mathematical libraries round each in their way;
    # the page says so. Its committed digits are those of Linux on Intel's and AMD's processors.
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        other = pytest.mark.skip(reason="other digits than on Linux with x86-64 are expected")
        for item in items:
            if item.path.name.startswith("convergence."):
                item.add_marker(other)
