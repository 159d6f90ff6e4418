"""Case: one run of a study, and the key of all that its result follows from."""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import io
import json
import os
import sys
import textwrap
import tokenize
from dataclasses import dataclass, field
from importlib.metadata import version
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from _ext.book import BookError

from . import STUDIES

CONSTANTS = (bool, int, float, str, tuple, list, dict, range, np.ndarray)  # neither paths nor sets


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
    - `apart(result, other)`: how far two results of a case are apart, and `TOLERANCE`, how far they
      may be if it runs again elsewhere, as a share,
    - optionally `CHAPTERS`, whose code and shim its results depend on, and `BACKENDS`, their tags,
      if not on all of them.
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
        from .chapters import book, fingerprints

        tags = getattr(study, "BACKENDS", [one.tag for one in book().backends])
        parts += fingerprints(chapters, tags)
        parts += ["embedded"] if os.environ.get("D2L_DATA") == "embedded" else []  # other pictures
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def versions(study: ModuleType) -> dict[str, str]:
    """The versions of the packages that results depend on, without what they were built for."""
    return {package: version(package).partition("+")[0] for package in sorted(study.PACKAGES)}


def key(case: Case, code: str) -> str:
    """What a case's file is called: another setting, seed, function or version, another name."""
    told = json.dumps([case.settings, case.seed, code], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def _follow(thing: Any, seen: dict[str, str]) -> None:
    """Collect the source of a function or class of ours, and of all of ours that it uses."""
    name = f"{thing.__module__}.{thing.__qualname__}"
    if name in seen or not name.startswith(f"{__package__}."):
        return
    source = textwrap.dedent(inspect.getsource(thing))
    seen[name] = _without_comments(source)
    around = vars(sys.modules[thing.__module__])
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            used, value = node.id, around.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = around.get(node.value.id)
            used, value = node.attr, getattr(module, node.attr, None)
            if not isinstance(module, ModuleType) or not module.__name__.startswith(__package__):
                continue
        else:
            continue
        value = inspect.unwrap(getattr(value, "py_func", value))  # numba's has it inside
        if isinstance(value, (FunctionType, type)):
            _follow(value, seen)
        elif isinstance(value, CONSTANTS):
            seen[f"{thing.__module__}.{used}"] = repr(value)


def _without_comments(source: str) -> str:
    """Code as it stands, but for comments and empty lines: the same with every Python."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(line.rstrip() for line in lines if line.strip())
