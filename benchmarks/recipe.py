"""How the recipe of the chapter `convergence` was found: `python -m benchmarks.recipe`.

First a random search over all ingredients, then each ingredient of the recipe changed by itself,
then what else was tried. KL(q‖p) of compiled trainings; its seeds are not those of the chapter.
"""

from __future__ import annotations

import numpy as np

from .compiled import (
    HINGE,
    LEAST_SQUARES,
    MINIMAX,
    NON_SATURATING,
    RELATIVISTIC,
    Settings,
    study,
)

RECIPE = Settings(betas_D=(0.5, 0.9), betas_G=(0.9, 0.99), decay_D=5e-4, average=0.5)
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
SEARCHED, PER_SETTING, BEST, PER_BEST = 400, 40, 5, 400  # settings and seeds


def main() -> None:
    print("KL(q‖p)                                           median     95 %   worst")
    report("as published", study(Settings(), 10_000, PER_BEST))
    report("the recipe", study(RECIPE, 10_000, PER_BEST))
    for label, settings in (("as published", Settings()), ("the recipe", RECIPE)):
        longer = study(settings._replace(num_epochs=60), 10_000, PER_BEST)
        report(f"{label}, three times as long", longer)
    for name, values in CHANGES.items():
        for value in values:
            label = LOSSES[value] if name == "loss" else value
            changed = study(RECIPE._replace(**{name: value}), 10_000, PER_BEST)
            report(f"the recipe with {name} {label}", changed)
    print(f"\nbest of {SEARCHED} random settings, on other seeds than those of the search")
    for settings in search(np.random.default_rng(0)):
        report("found by the search", study(settings, 20_000, PER_BEST))
        print(
            "   ", ", ".join(f"{key}={short(value)}" for key, value in settings._asdict().items())
        )


def search(random: np.random.Generator) -> list[Settings]:
    """The best of many random settings, by the worse of median/0.02 and 95 %/0.1."""
    found = []
    for _ in range(SEARCHED):
        settings = draw(random)
        median, high = np.percentile(study(settings, 0, PER_SETTING), [50, 95])
        found.append((max(median / 0.02, high / 0.1), settings))
    return [settings for _, settings in sorted(found)[:BEST]]


def draw(random: np.random.Generator) -> Settings:
    """Random settings: scales are drawn evenly on a logarithmic axis, some of them switched off."""

    def scale(low: float, high: float) -> float:
        return float(np.exp(random.uniform(np.log(low), np.log(high))))

    def often(value: float) -> float:
        return value if random.random() < 0.5 else 0.0

    def betas() -> tuple[float, float]:
        return float(random.choice([0, 0.5, 0.9, 0.95])), 1 - scale(0.001, 0.2)

    return Settings(
        loss=int(random.choice(list(LOSSES))),
        lr_D=scale(0.01, 0.2),
        lr_G=scale(0.001, 0.05),
        betas_D=betas(),
        betas_G=betas(),
        decay_D=often(scale(1e-5, 1e-2)),
        r1=often(scale(1e-4, 1)),
        r2=often(scale(1e-4, 1)),
        sigma_D=scale(0.02, 1),
        sigma_G=scale(0.02, 1),
        average=0.5,
        anneal=bool(random.random() < 0.5),
        antithetic=bool(random.random() < 0.5),
    )


def short(value) -> str:
    """A setting in few characters."""
    if isinstance(value, tuple):
        return "(" + ", ".join(map(short, value)) + ")"
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def report(label: str, distances: np.ndarray) -> None:
    median, high, worst = np.percentile(distances, [50, 95, 100])
    print(f"{label:<46} {median:9.4f} {high:8.3f} {worst:7.2f}", flush=True)


if __name__ == "__main__":
    main()
