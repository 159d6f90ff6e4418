"""Which notebooks run here, and on which digits; what is left out is reported."""

import importlib.util
import os
import platform
import warnings
from pathlib import Path

import pytest

from _ext.book import load
from d2l_shim import data


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
    on_mnist = [item for item in items if uses_mnist(item.path)]
    if on_mnist and not mnist_is_here():
        os.environ["D2L_DATA"] = "embedded"
        for item in on_mnist:
            item.options["check"] = False  # nbval: run the cell, do not compare its outputs
        names = ", ".join(sorted({item.path.name for item in on_mnist}))
        warnings.warn(f"no MNIST: {names} run on the embedded digits, uncompared", stacklevel=1)


def uses_mnist(path):
    """Whether a test item is a cell of a notebook that loads MNIST."""
    return path.suffix == ".ipynb" and "load_mnist(" in path.read_text(encoding="utf-8")


def mnist_is_here():
    """Whether MNIST is at hand or can be downloaded."""
    try:
        return os.environ.get("D2L_DATA") != "embedded" and len(data.mnist()[0]) > 0
    except OSError as error:
        print(error)
        return False
