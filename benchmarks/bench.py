"""What building, executing and training cost on this machine: `make bench`.

Rivals take turns; medians, with the smallest and the largest beside them, and ratios of medians.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

from joblib.externals.loky import get_reusable_executor

from _ext.book import Backend, Book, load
from studies import compiled
from studies.case import Case
from studies.case import load as load_study
from studies.chapters import names
from studies.engine import run as run_study
from studies.results import Cases

from . import pages, peer

REPEATS = 5
EXAMPLES = 20 * 1000  # of one training in the chapter `gaussian`


def main() -> None:
    book = load(Path.cwd())
    build(book)
    notebooks(book)
    side_by_side()
    for backend in book.backends:
        try:
            peers(book, backend)
            stacks(book, backend)
        except ImportError as error:
            print(f"{backend.label}: not measured ({error})")


def build(book: Book) -> None:
    """Time building all editions of a copy: from nothing, with nothing and a sentence changed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "book")
        for file in book.files():
            target = copy / file.relative_to(book.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        chapter = copy / "chapters" / "gaussian.md"
        command = [sys.executable, "-m", "_ext.editions"]
        for what in ("from nothing", "unchanged", "with a new sentence in one chapter"):
            if "sentence" in what:
                chapter.write_text(chapter.read_text("utf-8") + "\nOne more.\n", "utf-8")
            seconds = timed(
                lambda: subprocess.run(command, cwd=copy, check=True, stdout=subprocess.DEVNULL)
            )
            print(f"{'build all languages ' + what:<54} {seconds:6.1f} s")
        weights(book, copy / "_build" / "html")


def weights(book: Book, site: Path) -> None:
    """Print what the front page and the chapters cost a reader: bytes, requests, waiting."""
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"\n{'the site, all languages':<40} {size / 1e6:8.1f} MB")
    print(f"{'':<40} first visit   requests   again   first formula on a slow phone")
    with pages.served(site) as url, pages.chromium() as browser:
        for page in ("index", *book.chapters()):
            address = f"{url}/{book.languages[0].folder}/{page}.html"
            with pages.reader(browser) as reader:
                first, again = (pages.visit(reader, address) for _ in range(2))
            with pages.reader(browser, width=390) as reader:
                phone = pages.visit(reader, address, phone=True)
            print(
                f"{page:<40} {first.size / 1e3:8.0f} kB {first.requests:10} "
                f"{again.size / 1e3:4.0f} kB {phone.formula:8.1f} s"
            )


def notebooks(book: Book) -> None:
    """Print how long each notebook ran when it was executed, kernel start included."""
    for chapter in book.chapters():
        for backend in book.backends:
            path = book.notebook(chapter, backend)
            seconds = json.loads(path.read_text(encoding="utf-8"))["metadata"]["book"]["seconds"]
            print(f"{'execute ' + path.name:<44} {seconds:6.1f} s")


def side_by_side() -> None:
    """Two workers against one, on two of the studies; and what their engine adds to its cases."""
    print()
    for name, label, seeds in (("recipe", "the recipe", 20), ("quality", "digits, PyTorch", 2)):
        study = load_study(name)
        cases = [Case(label, seed, study.cases({})[label]) for seed in range(seeds)]
        one, two = (seconds_of(study.run, cases, workers) for workers in (1, 2))
        print(f"{f'{seeds} cases of the study {name}, on two workers':<54} {two:6.1f} s  "
              f"×{one / two:.2f} as fast as on one")  # fmt: skip
    naps = [Case("nap", seed, {}) for seed in range(100)]
    added = seconds_of(nap, naps, 2) / (len(naps) / 2) - 1
    print(f"{'what the engine adds to 100 cases of a second':<54} {100 * added:6.1f} %")


def seconds_of(function: Callable, cases: list[Case], workers: int) -> float:
    """How long cases take, by as many workers that have just started."""
    get_reusable_executor().shutdown()
    with tempfile.TemporaryDirectory() as folder:
        store = Cases("bench", "", Path(folder))
        return timed(lambda: run_study(function, cases, store, workers))


def nap(seed: int) -> dict:
    """A case of a second that needs no processor."""
    time.sleep(1)
    return {}


def peers(book: Book, backend: Backend) -> None:
    """The chapter's training loop with the shim and with the d2l package, pictures included."""
    print(f"\n{backend.label}: the training loop of the chapter gaussian, 20 epochs with pictures")
    with ExitStack() as stack:
        speeds = race(peer.trainings(book, backend, stack), EXAMPLES)
    for place in peer.PLACES:
        ours = statistics.median(speeds[place, "d2l_shim"])
        for rival in peer.RIVALS:
            label = f"in a plain {place}" if place == "interpreter" else f"in a notebook's {place}"
            show(f"{label}: {rival}", speeds[place, rival], ours)


def stacks(book: Book, backend: Backend) -> None:
    """Stacks of GANs against one GAN at a time, without pictures; and against compiled code."""
    one = names("gaussian", backend, until="def train(")
    many = names("convergence", backend, until="def study(")
    print(f"\n{backend.label}: training without pictures")
    trainings: dict[object, Callable] = {
        "one GAN, the loop of the chapter gaussian": lambda: one["train"](
            one["net_D"], one["net_G"], one["data_iter"], 1, 0.05, 0.005, 2, None
        )
    }
    examples = {name: 1000 for name in trainings}
    for n in (1, 100, 400):
        nets, data = many["new_nets"](n), many["make_data"](n)
        label = f"{n} GANs stacked" if n > 1 else "1 GAN stacked"
        trainings[label] = lambda nets=nets, data=data: many["gaussians"](  # waits for MXNet
            *many["train"](*nets, data, num_epochs=1)
        )
        examples[label] = 1000 * n
    if backend.module == "torch":
        settings = compiled.Settings(num_epochs=1)
        label = "one GAN, compiled, on one core"
        trainings[label], examples[label] = lambda: compiled.train(settings, 0), 1000
    race(trainings, 1, repeats=1)  # a second training is never the first
    speeds = {
        name: [examples[name] * speed for speed in values]
        for name, values in race(trainings, 1).items()
    }
    base = statistics.median(next(iter(speeds.values())))
    for name, values in speeds.items():
        show(name, values, base, faster=True)
    parts(backend, one)
    if backend.module == "torch":
        threads(one["torch"], trainings, examples)


def parts(backend: Backend, one: dict) -> None:
    """Where one step of the loop spends its time; `float` waits for MXNet, which computes later."""
    d2l, nets = one["d2l"], (one["net_D"], one["net_G"])
    if backend.module == "torch":
        loss = one["nn"].BCEWithLogitsLoss(reduction="sum")
        adam = one["torch"].optim.Adam
        adam_D, adam_G = (adam(net.parameters(), lr=0.01, fused=True) for net in nets)
    else:
        loss = one["gluon"].loss.SigmoidBCELoss()
        loss.hybridize(static_alloc=True)
        adam_D, adam_G = (one["gluon"].Trainer(net.collect_params(), "adam") for net in nets)
    idle = SimpleNamespace(zero_grad=lambda: None, step=lambda *batch_size: None)
    X, Z = one["data"][:8], d2l.normal(0.0, 1.0, (8, 2))
    metric = d2l.Accumulator(3)
    pieces = {
        "a minibatch": lambda: sum(1 for _ in one["data_iter"]),  # all 125 of them
        "noise": lambda: d2l.normal(0.0, 1.0, (8, 2)),
        "update_D": lambda: float(d2l.update_D(X, Z, *nets, loss, adam_D)),
        "update_D without Adam": lambda: float(d2l.update_D(X, Z, *nets, loss, idle)),
        "update_G": lambda: float(d2l.update_G(Z, *nets, loss, adam_G)),
        "update_G without Adam": lambda: float(d2l.update_G(Z, *nets, loss, idle)),
        "sums": lambda: metric.add(0.0, 0.0, 8),
    }
    for name, piece in pieces.items():
        count = 1 if name == "a minibatch" else 125
        seconds = [timed(piece, count) / 125 for _ in range(REPEATS)]
        print(f"{'a step of one GAN: ' + name:<52} {1e6 * statistics.median(seconds):8.1f} µs")


def threads(torch, trainings: dict, examples: dict) -> None:
    """The same trainings with as many threads as cores."""
    torch.set_num_threads(os.cpu_count())
    for name, speeds in race(trainings, 1).items():
        if "compiled" not in name:
            total = [examples[name] * speed for speed in speeds]
            show(f"{name}, {torch.get_num_threads()} threads", total)
    torch.set_num_threads(1)


def race(trainings: dict, examples: int, repeats: int = REPEATS) -> dict:
    """Examples per second of each training, measured in turn."""
    speeds: dict = {name: [] for name in trainings}
    for _ in range(repeats):
        for name, train in trainings.items():
            with contextlib.redirect_stdout(io.StringIO()):
                speeds[name].append(examples / timed(train))
    return speeds


def show(label: str, speeds: list[float], base: float | None = None, faster: bool = False) -> None:
    """A line of the table; with a base, how much slower than it, or faster."""
    median = statistics.median(speeds)
    line = f"{label:<52} {median:9,.0f} examples/s ({min(speeds):,.0f} to {max(speeds):,.0f})"
    if base:
        line += f"  ×{median / base:.2f}" if faster else f"  ours ×{base / median:.2f}"
    print(line, flush=True)


def timed(run: Callable, times: int = 1) -> float:
    """Seconds that `run()` takes, as many times."""
    start = time.perf_counter()
    for _ in range(times):
        run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
