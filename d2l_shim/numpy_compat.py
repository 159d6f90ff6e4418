"""What MXNet 1.9.1 (2022) expects of its surroundings and today's NumPy and Python lack.

MXNet reads these names while it is imported, and `numpy.bool` again while it runs. So NumPy has
them during the import only, and MXNet's modules keep a copy of NumPy's namespace with them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy

CONSTANTS = dict(
    bool=bool, PZERO=0.0, NZERO=-0.0, PINF=numpy.inf, NINF=-numpy.inf, Inf=numpy.inf,
    NaN=numpy.nan, NAN=numpy.nan,
)  # fmt: skip
RENAMED = dict(
    alltrue="all", sometrue="any", product="prod", round_="round", in1d="isin", trapz="trapezoid"
)
FINANCIAL = ("mirr", "npv", "pmt", "ppmt", "pv", "rate")


def _msort(a: Any) -> Any:
    return numpy.sort(a, axis=0)


def _financial(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("NumPy has no financial functions any more: pip install numpy-financial")


def _numpy_names() -> dict[str, Any]:
    names = {old: getattr(numpy, new, None) for old, new in RENAMED.items()}
    return {**CONSTANTS, **names, **dict.fromkeys(FINANCIAL, _financial), "msort": _msort}


def _distutils() -> dict[str, Any]:
    """The corner of `distutils` that MXNet imports; Python 3.12 and later have none."""
    version: Any = ModuleType("distutils.version")
    version.StrictVersion = version.LooseVersion = lambda text: [
        int(digits) for digits in re.findall(r"\d+", text)
    ]
    return {"distutils": ModuleType("distutils"), "distutils.version": version}


@contextmanager
def _with_names(namespace: dict[str, Any], names: dict[str, Any]) -> Iterator[None]:
    """A context in which `namespace` has all `names`; afterwards it is as it was."""
    lent = {name: value for name, value in names.items() if namespace.get(name) is None}
    blocked = {name: None for name in lent if name in namespace}  # sys.modules["distutils"] = None
    namespace.update(lent)
    try:
        yield
    finally:
        for name in lent:
            del namespace[name]
        namespace.update(blocked)


@contextmanager
def names_for_mxnet() -> Iterator[None]:
    """A context in which `import mxnet` works; it leaves NumPy and `distutils` as they were."""
    with _with_names(vars(numpy), _numpy_names()), _with_names(sys.modules, _distutils()):
        yield
        copy = ModuleType("numpy")  # a plain module: MXNet's look-ups stay as fast as before
        vars(copy).update(vars(numpy))
        for name in [name for name in sys.modules if name.partition(".")[0] == "mxnet"]:
            namespace = vars(sys.modules[name])
            namespace.update({key: copy for key, value in namespace.items() if value is numpy})
