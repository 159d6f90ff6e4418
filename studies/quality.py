"""Scores of the chapters on pictures, over seeds: what their judge says about every generator."""

from __future__ import annotations

from . import pictures
from .chapters import backend, book, names

SEEDS = range(3)
PACKAGES = ("mxnet", "numpy", "torch")
TOLERANCE = pictures.TOLERANCE
CHAPTERS = ("digits", "dcgan")
GENERATORS = {  # of each chapter: what a table calls them, and the chapter's name for them
    "digits": {"source's settings, 3 epochs": "source_G", "ours, 20 epochs": "mean_G"},
    "dcgan": {"dense, 3 epochs": "dense_mean_G", "convolutional, 20 epochs": "mean_G"},
}


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    return {
        f"{chapter}, {one.label}": {"chapter": chapter, "tag": one.tag}
        for chapter in CHAPTERS
        for one in book().backends
    }


def run(seed: int, chapter: str, tag: str) -> dict:
    found = names(chapter, backend(tag), seed=seed)
    generators = GENERATORS[chapter].items()
    return {label: pictures.scores(found, found[name]) for label, name in generators}


def table(results: dict[str, list[dict]]) -> list[dict]:
    return [
        {"generator": f"{case}, {generator}"} | pictures.row([one[generator] for one in seeds])
        for case, seeds in results.items()
        for generator in GENERATORS[case.partition(",")[0]]
    ]


def apart(one: dict, other: dict) -> float:
    return max(pictures.apart(one[name], other[name]) for name in one)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    return {}
