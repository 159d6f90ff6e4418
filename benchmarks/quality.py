"""Scores of the chapters on pictures over several seeds: `python -m benchmarks.quality [seed …]`.

Runs the code of `digits` and `dcgan` once per backend and seed, each in a process of its own, and
prints what their judge says about every generator, the judge's own accuracy, time and memory.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np

from _ext import split
from _ext.book import load, read_text

CHAPTERS = ("digits", "dcgan")


def main(seeds: list[str]) -> None:
    print("chapter  backend  seed  judge  generator       recognized  rarest   time  memory")
    book = load(Path.cwd())
    for chapter in (name for name in CHAPTERS if f"chapters/{name}" in book.chapters()):
        for backend in book.backends:
            for seed in seeds:
                command = [sys.executable, "-m", "benchmarks.quality", chapter, backend.tag, seed]
                subprocess.run(command, check=True)


def run(chapter: str, tag: str, seed: str) -> None:
    """Run a chapter's code with another seed, and print its scores."""
    book = load(Path.cwd())
    (backend,) = (backend for backend in book.backends if backend.tag == tag)
    name = f"chapters/{chapter}"
    cells = split.cells_of(split.read(read_text(book.source(name)), name, book), backend)
    code = "\n".join(re.sub(r"^%.*", "", cell.source, flags=re.M) for cell in cells)
    code = code.replace("set_seed(0)", f"set_seed({seed})")
    names: dict = {"print": lambda *_, **__: None}
    matplotlib.use("agg")
    began = time.perf_counter()
    exec(compile(code, name, "exec"), names)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    numpy, judge = names["d2l"].numpy, names["judge"]
    fifth = np.flatnonzero(np.arange(len(names["images"])) % 5 == 0)
    answers = numpy(judge(names["images"][fifth])).argmax(axis=1)
    accuracy = (answers == numpy(names["labels"][fifth])).mean()
    for key in ("published", "mended", "dense_score", "convolutional"):
        if key in names:
            recognized, shares = names[key]
            print(
                f"{chapter:7}  {tag:7}  {seed:>4}  {accuracy:.3f}  {key:14}  {recognized:10.3f}  "
                f"{shares.min():6.3f}  {seconds:3.0f} s  {memory:.1f} GiB",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in CHAPTERS:
        run(*sys.argv[1:4])
    else:
        main(sys.argv[1:] or ["0", "1", "2"])
