"""The search that found the recipe of the chapter `convergence`.

Random settings are compared on some seeds; the best are then judged on others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import recipe

SEEDS = range(1)  # of as many trainings as a case asks for
PACKAGES, TOLERANCE, apart = recipe.PACKAGES, recipe.TOLERANCE, recipe.apart
SETTINGS, BEST = 400, 5
TRIAL = {"first": 0, "trainings": 40}
JUDGEMENT = {"first": 20_000, "trainings": 400}


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    """All settings; and when all of them are known, the best ones on other seeds."""
    random = np.random.default_rng(0)
    tried = {f"setting {number}": draw(random) for number in range(SETTINGS)}
    found = {label: settings | TRIAL for label, settings in tried.items()}
    if found.keys() <= results.keys():
        for label in sorted(tried, key=lambda label: badness(results[label]))[:BEST]:
            found[f"{label}, judged"] = tried[label] | JUDGEMENT
    return found


def draw(random: np.random.Generator) -> dict[str, Any]:
    """Random settings: scales are drawn evenly on a logarithmic axis, some of them switched off."""

    def scale(low: float, high: float) -> float:
        return float(np.exp(random.uniform(np.log(low), np.log(high))))

    def often(value: float) -> float:
        return value if random.random() < 0.5 else 0.0

    def betas() -> tuple[float, float]:
        return float(random.choice([0, 0.5, 0.9, 0.95])), 1 - scale(0.001, 0.2)

    return {
        "loss": int(random.choice(list(recipe.LOSSES))),
        "lr_D": scale(0.01, 0.2),
        "lr_G": scale(0.001, 0.05),
        "betas_D": betas(),
        "betas_G": betas(),
        "decay_D": often(scale(1e-5, 1e-2)),
        "r1": often(scale(1e-4, 1)),
        "r2": often(scale(1e-4, 1)),
        "sigma_D": scale(0.02, 1),
        "sigma_G": scale(0.02, 1),
        "average": 0.5,
        "anneal": bool(random.random() < 0.5),
        "antithetic": bool(random.random() < 0.5),
    }


def badness(seeds: list[dict]) -> float:
    """The worse of median/0.02 and 95 %/0.1."""
    median, high = np.percentile(recipe.together(seeds), [50, 95])
    return max(median / 0.02, high / 0.1)


def run(seed: int, first: int, trainings: int, **settings: Any) -> dict:
    return recipe.kl(settings, first + trainings * seed, trainings)


def table(results: dict[str, list[dict]]) -> list[dict]:
    judged = {label: seeds for label, seeds in results.items() if "judged" in label}
    return recipe.table(judged or results)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    return {"settings": str(SETTINGS)}
