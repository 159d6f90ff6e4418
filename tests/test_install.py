"""The package as pip installs it, with one backend, the other, or neither."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

from _ext.book import load
from _ext.launch import shim_files

ROOT = Path(__file__).resolve().parent.parent
BLOCK = "import sys; sys.modules[{!r}] = None\n"
USE = """
from d2l_shim import {} as d2l
(batch,) = d2l.load_array((d2l.tensor([1.0, 2.0]), d2l.tensor([3.0, 4.0])), 2, is_train=False)
assert d2l.numpy(batch[1]).tolist() == [3, 4]
d2l.Animator().add(0, batch[0].sum())
d2l.update_D, d2l.update_G
print(d2l.__file__)
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The folder into which pip installed the package, from a copy of its source."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    copy(ROOT / "pyproject.toml", source)
    copytree(ROOT / "d2l_shim", source / "d2l_shim", ignore=ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target)]
    try:
        import setuptools

        ready = int(setuptools.__version__.partition(".")[0]) >= 77
    except ImportError:
        ready = False  # a fresh venv: pip fetches setuptools for the build
    isolation = ["--no-build-isolation"] if ready else []
    done = subprocess.run([*pip, *isolation, str(source)], capture_output=True, text=True)
    if done.returncode and not ready and "No matching distribution" in done.stderr:
        pytest.skip("pip cannot fetch setuptools and none is installed")
    assert done.returncode == 0, done.stderr
    return target


def python(code, folder):
    """Run `code` in a fresh Python, outside the repository, that finds the installed package."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "MPLBACKEND": "agg"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_contents_and_metadata(installed):
    files = {
        path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()
    }
    names = {name for name in files if not name.endswith(".pyc") and ".dist-info" not in name}
    ours = {file.relative_to(ROOT).as_posix() for file in shim_files(load(ROOT))}  # as in the zips
    assert names == ours
    assert {
        f"d2l_shim/{name}" for name in ("py.typed", "digits.csv.gz", "saved/__init__.py")
    } < ours
    (metadata,) = installed.glob("d2l_shim-*.dist-info/METADATA")
    text = metadata.read_text()
    for line in (
        "Name: d2l-shim",
        "Version: 0.1.0",
        "Requires-Python: >=3.10",
        "Provides-Extra: torch",
        "Provides-Extra: mxnet",
        "License-Expression: MIT",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize("name, other", [("torch", "mxnet"), ("mxnet", "torch")])
def test_one_backend_needs_no_other(installed, name, other):
    pytest.importorskip(f"d2l_shim.{name}", exc_type=ImportError)
    done = python(BLOCK.format(other) + USE.format(name), installed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(installed))


@pytest.mark.parametrize("name, other", [("torch", "mxnet"), ("mxnet", "torch")])
def test_a_missing_backend_names_its_extra(installed, name, other):
    pytest.importorskip(f"d2l_shim.{other}", exc_type=ImportError)
    attempt = f"""
try:
    from d2l_shim import {name}
except ImportError as error:
    assert 'pip install "d2l-shim[{name}]"' in str(error), error
else:
    raise AssertionError
"""
    done = python(BLOCK.format(name) + attempt + USE.format(other), installed)
    assert done.returncode == 0, done.stderr


def test_the_package_alone_imports_no_framework(installed):
    code = "import sys, d2l_shim; print(d2l_shim.__version__, *{'torch', 'mxnet', 'numpy', "
    code += "'matplotlib'} & set(sys.modules))"
    done = python(code, installed)
    assert done.stdout == "0.1.0\n", done.stdout + done.stderr
