"""Case: one run of a study, and the key of all that its result follows from."""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import json
import os
import sys
import textwrap
from dataclasses import dataclass, field
from importlib.metadata import version
from types import FunctionType, ModuleType
from typing import Any

from _ext.book import BookError

from . import STUDIES


@dataclass(frozen=True)
class Case:
    """A label, the settings behind it, and the seed of one run."""

    label: str
    seed: int
    settings: dict[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return f"{self.label}, seed {self.seed}"


def load(name: str) -> ModuleType:
    """The module of a study. It has

    - `SEEDS`, and `PACKAGES`, whose versions its results depend on,
    - `cases(results)`: {label: settings that JSON can hold}; more, once some results are known,
    - `run(seed=…, **settings)`: one case's result, a dictionary that JSON can hold,
    - `table(results)`: rows of a table, dictionaries; `results` are {label: [result of each seed]},
    - `values(results)`: what sentences quote, {name: text},
    - optionally `CHAPTERS`, whose code and shim its results depend on.
    """
    if name not in STUDIES:
        raise BookError(f"there is no study {name!r}; there are {', '.join(STUDIES)}")
    return importlib.import_module(f"{__package__}.{name}")


def code_of(study: ModuleType) -> str:
    """Hash of what a result follows from, besides its settings and seed: code, and versions."""
    seen: dict[str, str] = {}
    _follow(study.run, seen)
    parts = [f"{name}\n{text}" for name, text in sorted(seen.items())]
    parts += [f"{package}=={one}" for package, one in versions(study).items()]
    if chapters := getattr(study, "CHAPTERS", ()):
        from .chapters import fingerprints

        parts += fingerprints(chapters)
        parts += ["embedded"] if os.environ.get("D2L_DATA") == "embedded" else []  # other pictures
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def versions(study: ModuleType) -> dict[str, str]:
    """The versions of the packages that a study's results depend on."""
    return {package: version(package) for package in sorted(study.PACKAGES)}


def key(case: Case, code: str) -> str:
    """What a case's file is called: another setting, seed, function or version, another name."""
    told = json.dumps([case.settings, case.seed, code], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def _follow(thing: Any, seen: dict[str, str]) -> None:
    """Collect the source of a function or class of ours, and of all that it uses."""
    thing = inspect.unwrap(getattr(thing, "py_func", thing))  # numba's has the function inside
    name = f"{thing.__module__}.{thing.__qualname__}"
    if name in seen or not name.startswith(f"{__package__}."):
        return
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    seen[name] = ast.dump(tree)  # neither comments nor layout
    around = vars(sys.modules[thing.__module__])
    for used in sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}):
        value = around.get(used)
        if isinstance(getattr(value, "py_func", value), (FunctionType, type)):
            _follow(value, seen)
        elif used in around and not isinstance(value, ModuleType) and not callable(value):
            seen[f"{thing.__module__}.{used}"] = repr(value)
