"""The shim's two sides, for tests that put the same question to both."""

import importlib

import pytest

BACKENDS = ("torch", "mxnet")


def backend(name):
    """One side of the shim; the test is skipped where its framework is not installed."""
    try:
        return importlib.import_module(f"d2l_shim.{name}")
    except ImportError as error:
        pytest.skip(str(error))
