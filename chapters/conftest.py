"""How nbval runs the notebooks here: which ones, on which digits, and what counts as the same."""

import importlib.util
import os
import platform
from collections import defaultdict
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from _ext import compare, kernel
from _ext.book import load
from d2l_shim import data

ROOT = Path(__file__).parent.parent


def pytest_configure(config):
    config.option.nbval_cell_timeout = kernel.CELL_TIMEOUT


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Nbval's notebooks become ours."""
    return [
        Notebook.from_parent(parent, path=file_path) if isinstance(file, IPyNbFile) else file
        for file in (yield)
    ]


class Notebook(IPyNbFile):
    """A notebook that runs again; what a display updates, such as a growing figure, counts too."""

    def collect(self):
        for cell in super().collect():
            every = defaultdict(bool, check=True)  # whatever a comment such as NBVAL_SKIP asks for
            yield Cell.from_parent(
                self, name=cell.name, cell_num=cell.cell_num, cell=cell.cell, options=every
            )

    def get_sanitize_files(self):
        return [ROOT / "tests" / "nbval.cfg"]  # wherever pytest was started

    def get_kernel_message(self, timeout=None, stream="iopub"):
        """Nbval drops updates of a display: it gets them as further displays, marked."""
        message = super().get_kernel_message(timeout, stream)
        if message["msg_type"] in ("display_data", "update_display_data"):
            message["msg_type"] = "display_data"
            content = message["content"]
            content["metadata"]["display"] = content.get("transient", {}).get("display_id")
        return message


class Cell(IPyNbCell):
    """A cell that runs again; its outputs are compared by `_ext/compare.py`, pictures too."""

    def compare_outputs(self, test, ref, skip_compare=None):
        if ref and self.options["other digits"]:
            pytest.skip("no MNIST: ran on the embedded digits, and was not compared")
        last = {}  # state of each display, in the place of its first
        for number, output in enumerate(test):
            last[output.get("metadata", {}).pop("display", None) or number] = output
        tolerance = self.cell.metadata.get("tolerance", {})
        masks = self.parent.sanitize_patterns.items()
        self.comparison_traceback = list(
            compare.differences(ref, list(last.values()), tolerance, masks)
        )
        return not self.comparison_traceback


def pytest_collection_modifyitems(items):
    """Leave out what cannot run, or be the same, on this machine."""
    for backend in load(ROOT).backends:
        if importlib.util.find_spec(backend.module) is None:
            leave_out(f".{backend.tag}.ipynb", f"{backend.label} is not installed", items)
    # Chaotic trainings amplify the last bit, which mathematical libraries round each in their way;
    # the page says so. Its committed digits are those of Linux on Intel's and AMD's processors.
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        leave_out("convergence.", "other digits than on Linux with x86-64 are expected", items)
    on_mnist = [item for item in items if uses_mnist(item.path)]
    if on_mnist and not mnist_is_here():
        os.environ["D2L_DATA"] = "embedded"
        for item in on_mnist:
            item.options["other digits"] = True


def leave_out(name, reason, items):
    """Skip the cells of the notebooks that have `name` in their file's name."""
    for item in items:
        if item.path.suffix == ".ipynb" and name in item.path.name:
            item.add_marker(pytest.mark.skip(reason=reason))


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
