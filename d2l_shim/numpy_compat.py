"""What MXNet 1.9.1 (2022) needs of its surroundings and today's NumPy and Python lack.

MXNet reads the missing names while it is imported and some (`numpy.bool`) again whenever it
runs. So NumPy gets them for the time of the import only, and MXNet's modules keep a copy of
NumPy's namespace that has them: nobody else ever meets a changed NumPy.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy

_CONSTANTS = {
    "bool": bool, "PZERO": 0.0, "NZERO": -0.0, "PINF": numpy.inf, "NINF": -numpy.inf,
    "Inf": numpy.inf, "NaN": numpy.nan, "NAN": numpy.nan,
}  # fmt: skip
_RENAMED = {
    "alltrue": "all", "sometrue": "any", "product": "prod", "round_": "round", "in1d": "isin",
    "trapz": "trapezoid",
}  # fmt: skip
_FINANCIAL = ("mirr", "npv", "pmt", "ppmt", "pv", "rate")


def _msort(a: Any) -> Any:
    return numpy.sort(a, axis=0)


def _financial(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("NumPy dropped its financial functions; pip install numpy-financial")


def _missing() -> dict[str, Any]:
    """The names that MXNet expects of NumPy and the installed NumPy lacks."""
    names = dict(_CONSTANTS, msort=_msort, **dict.fromkeys(_FINANCIAL, _financial))
    names |= {old: getattr(numpy, new) for old, new in _RENAMED.items() if hasattr(numpy, new)}
    # vars, not hasattr: asking NumPy 1.26 for `bool` warns.
    return {name: value for name, value in names.items() if name not in vars(numpy)}


def _distutils() -> dict[str, ModuleType]:
    """The corner of `distutils` that MXNet imports, where Python (3.12 on) has none."""
    try:
        from distutils.version import LooseVersion, StrictVersion  # noqa: F401
    except ImportError:
        version = ModuleType("distutils.version")
        version.StrictVersion = version.LooseVersion = lambda text: tuple(  # type: ignore
            int(digits) for digits in re.findall(r"\d+", text)
        )
        return {"distutils": ModuleType("distutils"), "distutils.version": version}
    return {}


@contextmanager
def names_for_mxnet() -> Iterator[None]:
    """A context in which `import mxnet` works; NumPy and `sys.modules` are restored after it."""
    numpy_names, modules = _missing(), _distutils()
    vars(numpy).update(numpy_names)
    sys.modules.update(modules)
    try:
        yield
        # A copy of the namespace, not a wrapper, so that MXNet's calls stay as fast as they were.
        with_names = ModuleType("numpy")
        vars(with_names).update(vars(numpy))
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] == "mxnet":
                for key, value in list(vars(module).items()):
                    if value is numpy:
                        setattr(module, key, with_names)
    finally:
        for name in numpy_names:
            del vars(numpy)[name]
        for name in modules:
            del sys.modules[name]
