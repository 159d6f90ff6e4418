"""The recipe of the chapter `convergence`: each ingredient changed by itself, by compiled training.

KL(q‖p) of generators; the seeds are not those of the chapter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import (
    HINGE,
    LEAST_SQUARES,
    MINIMAX,
    NON_SATURATING,
    RELATIVISTIC,
    Settings,
    distances,
)

SEEDS = range(10)  # of TRAININGS each
PACKAGES = ("numba", "numpy")
TOLERANCE = 0.2  # of a median: other processors round in other places
TRAININGS, FIRST = 40, 10_000

PUBLISHED: dict[str, Any] = {}
RECIPE = {"betas_D": (0.5, 0.9), "betas_G": (0.9, 0.99), "decay_D": 5e-4, "average": 0.5}
LOSSES = {
    NON_SATURATING: "non-saturating",
    MINIMAX: "minimax",
    LEAST_SQUARES: "least squares",
    HINGE: "hinge",
    RELATIVISTIC: "relativistic",
}
CHANGES: dict[str, list] = {
    "loss": [MINIMAX, LEAST_SQUARES, HINGE, RELATIVISTIC],
    "lr_D": [0.02, 0.1],
    "lr_G": [0.002, 0.01],
    "betas_D": [(0.9, 0.999), (0.5, 0.999), (0.9, 0.9), (0.0, 0.9), (0.5, 0.8), (0.5, 0.99)],
    "betas_G": [(0.9, 0.999), (0.5, 0.99), (0.95, 0.99), (0.9, 0.9), (0.9, 0.95)],
    "decay_D": [0.0, 1e-4, 2e-3, 1e-2],
    "r1": [0.01, 0.1],
    "r2": [0.01, 0.1],
    "sigma_D": [0.2, 1.0],
    "sigma_G": [0.2, 1.0],
    "average": [0.25, 0.75, 1.0],
    "anneal": [True],
    "antithetic": [True],
}


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    found = {
        "as published": PUBLISHED,
        "the recipe": RECIPE,
        "as published, three times as long": PUBLISHED | {"num_epochs": 60},
        "the recipe, three times as long": RECIPE | {"num_epochs": 60},
    }
    for name, values in CHANGES.items():
        for value in values:
            label = LOSSES[value] if name == "loss" else value
            found[f"the recipe with {name} {label}"] = RECIPE | {name: value}
    return found


def run(seed: int, **settings: Any) -> dict:
    return kl(settings, FIRST + TRAININGS * seed, TRAININGS)


def kl(settings: dict[str, Any], first: int, trainings: int) -> dict:
    """The distances of as many trainings, from the seed `first` on."""
    pairs = {name: tuple(value) if isinstance(value, list) else value
             for name, value in settings.items()}  # fmt: skip
    return {"kl": [float(f"{one:.4g}") for one in distances(Settings(**pairs), first, trainings)]}


def table(results: dict[str, list[dict]]) -> list[dict]:
    rows = []
    for label, seeds in results.items():
        median, high, worst = np.percentile(together(seeds), [50, 95, 100])
        rows.append({"training": label, "median": f"{median:.4f}", "95 %": f"{high:.3f}",
                     "worst": f"{worst:.2f}"})  # fmt: skip
    return rows


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    before, after = (np.median(together(results[one])) for one in ("as published", "the recipe"))
    return {
        "trainings": str(len(together(results["the recipe"]))),
        "factor": f"{before / after:.0f}",
    }


def apart(one: dict, other: dict) -> float:
    medians = [np.median(result["kl"]) for result in (one, other)]
    return abs(medians[0] - medians[1]) / max(medians)


def together(seeds: list[dict]) -> np.ndarray:
    """The distances of all seeds."""
    return np.concatenate([one["kl"] for one in seeds])
