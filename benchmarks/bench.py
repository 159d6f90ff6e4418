"""What building, executing and the shim cost on this machine: `make bench`.

Repeats alternate between the rivals; medians, with the smallest and the largest beside them.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _ext.book import Book, load

REPEATS = 7


def main() -> None:
    book = load(Path.cwd())
    build()
    notebooks(book)
    for label, chapter in (("PyTorch", pytorch), ("MXNet", mxnet)):
        try:
            shim(label, chapter)
        except ImportError as error:
            print(f"{label}: not measured ({error})")


def build() -> None:
    """Time building all editions, from nothing and again with nothing changed."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "_ext.editions", out]
        for what in ("build the book, all languages, from nothing", "build it again, unchanged"):
            seconds = timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
            print(f"{what:<44} {seconds:6.1f} s")


def notebooks(book: Book) -> None:
    """Print how long each notebook ran when it was executed, kernel start included."""
    for chapter in book.chapters():
        for backend in book.backends:
            path = book.notebook(chapter, backend)
            seconds = json.loads(path.read_text(encoding="utf-8"))["metadata"]["book"]["seconds"]
            print(f"{'execute ' + path.name:<44} {seconds:6.1f} s")


def pytorch() -> tuple:
    """Chapter `gaussian` in PyTorch: the shim, both networks, their loss, their trainers."""
    import torch
    from torch import nn

    from d2l_shim import torch as d2l

    torch.set_num_threads(1)
    net_D = nn.Sequential(
        nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 1)
    )  # fmt: skip
    net_G = nn.Sequential(nn.Linear(2, 2))
    trainers = [
        torch.optim.Adam(net.parameters(), lr=lr) for net, lr in ((net_D, 0.05), (net_G, 0.005))
    ]
    return d2l, net_D, net_G, nn.BCEWithLogitsLoss(reduction="sum"), *trainers


def mxnet() -> tuple:
    """The same in MXNet."""
    from d2l_shim import mxnet as d2l

    gluon, nn, net_D, net_G = d2l.gluon, d2l.nn, d2l.nn.Sequential(), d2l.nn.Sequential()
    net_D.add(nn.Dense(5, activation="tanh"), nn.Dense(3, activation="tanh"), nn.Dense(1))
    net_G.add(nn.Dense(2))
    for net in (net_D, net_G):
        net.initialize(d2l.init.Normal(0.02))
    trainers = [
        gluon.Trainer(net.collect_params(), "adam", {"learning_rate": lr})
        for net, lr in ((net_D, 0.05), (net_G, 0.005))
    ]
    return d2l, net_D, net_G, gluon.loss.SigmoidBCELoss(), *trainers


def shim(label: str, chapter: Callable[[], tuple]) -> None:
    """Compare an epoch of steps with the shim's loader and sums, and with loops by hand."""
    d2l, net_D, net_G, loss, trainer_D, trainer_G = chapter()
    data = d2l.normal(0.0, 1.0, (1000, 2))
    data_iter = d2l.load_array((data,), 8)

    def step(X):
        Z = d2l.normal(0.0, 1.0, (len(X), 2))
        loss_D = d2l.update_D(X, Z, net_D, net_G, loss, trainer_D)
        return loss_D, d2l.update_G(Z, net_D, net_G, loss, trainer_G)

    def with_shim():
        metric = d2l.Accumulator(3)
        for batch in data_iter:
            X = batch[0] if isinstance(batch, tuple) else batch
            metric.add(*step(X), len(X))

    def by_hand():
        loss_D = loss_G = 0.0
        for start in range(0, len(data), 8):  # not even shuffled
            a, b = step(data[start : start + 8])
            loss_D, loss_G = loss_D + float(a), loss_G + float(b)

    seconds: dict[str, list[float]] = {"with the shim": [], "by hand": []}
    for _ in range(REPEATS):
        for name, run in (("with the shim", with_shim), ("by hand", by_hand)):
            seconds[name].append(timed(run))
    for name, values in seconds.items():
        speeds = sorted(1000 / value for value in values)
        print(
            f"{label + ', an epoch ' + name:<44} {statistics.median(speeds):6.0f} "
            f"examples/s ({speeds[0]:.0f} to {speeds[-1]:.0f})"
        )
    ratio = statistics.median(a / b for a, b in zip(*seconds.values(), strict=True))
    print(f"{label + ', time with the shim / by hand':<44} {ratio:6.2f}")


def timed(run: Callable) -> float:
    """Seconds that `run()` takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
