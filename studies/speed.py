"""How much faster compiled code trains one GAN of the chapter `convergence` than a framework does.

Both in turn, on one thread; PyTorch on two threads as well. Run it on an idle machine, with one
worker.
"""

from __future__ import annotations

import time

import numpy as np

from .chapters import backend, book, names
from .compiled import Settings, train

SEEDS = range(5)  # repeats
PACKAGES = ("mxnet", "numba", "numpy", "torch")
TOLERANCE = 0.7  # machines differ, and what else they do
CHAPTERS = ("convergence",)
EPOCHS = 2
TWO_THREADS = "PyTorch, two threads"


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    one_thread = {one.label: {"tag": one.tag} for one in book().backends}
    return one_thread | {TWO_THREADS: {"tag": "pytorch", "threads": 2}}


def run(seed: int, tag: str, threads: int = 1) -> dict:
    found = names("convergence", backend(tag), until="def study(", seed=seed)
    if threads > 1:
        found["torch"].set_num_threads(threads)
    seconds = []
    for epochs in (1, EPOCHS):  # the first is never like those that follow
        nets, data = found["new_nets"](1), found["make_data"](1)
        began = time.perf_counter()
        found["gaussians"](*found["train"](*nets, data, num_epochs=epochs))  # waits for MXNet
        seconds.append(time.perf_counter() - began)
        compiled = Settings(num_epochs=epochs)
        began = time.perf_counter()
        train(compiled, seed)
        seconds.append(time.perf_counter() - began)
    return {"factor": round(seconds[2] / seconds[3], 1)}


def table(results: dict[str, list[dict]]) -> list[dict]:
    rows = []
    for label, repeats in results.items():
        factors = [one["factor"] for one in repeats]
        rows.append({
            "compiled, compared with": label,
            "times as fast": f"{np.median(factors):.0f}",
            "least": f"{min(factors):.0f}",
            "most": f"{max(factors):.0f}",
        })  # fmt: skip
    return rows


def apart(one: dict, other: dict) -> float:
    factors = one["factor"], other["factor"]
    return abs(factors[0] - factors[1]) / max(factors)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    """The least of all, rounded down to ten: what readers may expect elsewhere, too."""
    median = {label: np.median([one["factor"] for one in all_]) for label, all_ in results.items()}
    least = min(one["factor"] for repeats in results.values() for one in repeats)
    return {
        "at least": str(int(least // 10 * 10)),
        "two threads": f"{median[TWO_THREADS] / median['PyTorch']:.1f}",
    }
