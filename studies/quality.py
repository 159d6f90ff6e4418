"""Scores of the chapters on pictures, over seeds: what their judge says about every generator."""

from __future__ import annotations

import numpy as np

from .chapters import backend, book, names

SEEDS = range(3)
PACKAGES = ("mxnet", "numpy", "torch")
TOLERANCE = 0.05  # of all pictures
CHAPTERS = ("digits", "dcgan")
GENERATORS = {  # of each chapter: what a table calls them, and the chapter's name for their score
    "digits": {"as published, 3 epochs": "published", "mended, 20 epochs": "mended"},
    "dcgan": {"dense, 3 epochs": "dense_score", "convolutional, 20 epochs": "convolutional"},
}


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    return {
        f"{chapter}, {one.label}": {"chapter": chapter, "tag": one.tag}
        for chapter in CHAPTERS
        for one in book().backends
    }


def run(seed: int, chapter: str, tag: str) -> dict:
    found = names(chapter, backend(tag), seed=seed)
    numpy, judge = found["d2l"].numpy, found["judge"]
    fifth = np.flatnonzero(np.arange(len(found["images"])) % 5 == 0)  # unseen by the judge
    answers = numpy(judge(found["images"][fifth])).argmax(axis=1)
    result = {"judge": round(float((answers == numpy(found["labels"][fifth])).mean()), 4)}
    for label, name in GENERATORS[chapter].items():
        recognized, shares = found[name]
        result[label] = [round(float(recognized), 4), round(float(shares.min()), 4)]
    return result


def table(results: dict[str, list[dict]]) -> list[dict]:
    rows = []
    for case, seeds in results.items():
        for generator in GENERATORS[case.partition(",")[0]]:
            recognized, rarest = np.transpose([one[generator] for one in seeds])
            rows.append({
                "generator": f"{case}, {generator}",
                "recognized, mean": f"{recognized.mean():.2f}",
                "lowest": f"{recognized.min():.2f}",
                "highest": f"{recognized.max():.2f}",
                "rarest digit, mean": f"{100 * rarest.mean():.1f} %",
                "rarest digit, lowest": f"{100 * rarest.min():.1f} %",
            })  # fmt: skip
    return rows


def apart(one: dict, other: dict) -> float:
    return max(np.abs(np.subtract(one[name], other[name])).max() for name in one)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    return {}
