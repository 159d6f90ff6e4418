"""The real book, for tests of what its chapters say: their sources, and their code's names."""

import ast
import contextlib
import importlib.util
import re

import matplotlib
import matplotlib.pyplot
import pytest
from books import ROOT

from _ext import split
from _ext.book import load

matplotlib.use("agg")
BOOK = load(ROOT)
BACKENDS = [
    pytest.param(
        backend,
        id=backend.tag,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(backend.module) is None,
            reason=f"{backend.label} is not installed",
        ),
    )
    for backend in BOOK.backends
]


def source_of(chapter):
    return split.read(BOOK.source(chapter).read_text(encoding="utf-8"), chapter, BOOK)


def names_of(chapter: str, backend) -> dict:
    """Run a chapter's cells but for its trainings and what needs their results; their names."""
    names: dict = {}
    for cell in split.cells_of(source_of(chapter), backend):
        code = re.sub(r"^(%.*|d2l\.plt\.show\(\))\n?", "", cell.source, flags=re.MULTILINE)
        if not trains(code):
            with contextlib.suppress(NameError):  # the result of a training
                exec(code, names)
    matplotlib.pyplot.close("all")
    return names


def trains(code: str) -> bool:
    """Whether a cell trains, or reads what was trained, rather than to define how."""
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for statement in ast.parse(code).body
        if not isinstance(statement, (ast.FunctionDef, ast.ClassDef))
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    }
    return bool(
        called & {"train", "study", "nudged", "learned", "score_every_epoch", "train_judge"}
    )


def _pytorch(names):
    torch, nn = names["torch"], names["nn"]
    return nn.BCEWithLogitsLoss(reduction="sum"), lambda net, lr: torch.optim.Adam(
        names[net].parameters(), lr=lr
    )


def _mxnet(names):
    gluon = names["gluon"]
    return gluon.loss.SigmoidBCELoss(), lambda net, lr: gluon.Trainer(
        names[net].collect_params(), "adam", {"learning_rate": lr}
    )


LOSS_AND_TRAINER = {"pytorch": _pytorch, "mxnet": _mxnet}
