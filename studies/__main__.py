"""python -m studies NAME [--seeds 0-9] [--only CASE] [--workers N] [--scheduler tcp://HOST:PORT]

Finished cases are kept in _build/studies/; the same command goes on where it was. When all cases
of all seeds are there, the study's results/NAME.json is written, which pages quote.
"""

from __future__ import annotations

import argparse
import os
import sys

from _ext.book import BookError

from . import STUDIES, engine
from .case import Case, code_of, load
from .results import Cases, by_label, publish


def main(arguments: list[str]) -> int:
    """Run a study; the exit status is 1 if a case raised."""
    parser = argparse.ArgumentParser(prog="python -m studies", description="Studies over seeds.")
    parser.add_argument("name", metavar="NAME", help=", ".join(STUDIES))
    parser.add_argument("--seeds", nargs="+", type=seeds, metavar="SEED", help="7, or 0-9")
    parser.add_argument("--only", metavar="CASE", help="the label of one case")
    parser.add_argument("--workers", type=int, help="processes; as many as there are cores")
    parser.add_argument("--scheduler", default=os.environ.get("DASK_SCHEDULER_ADDRESS"),
                        help="of a Dask cluster, tcp://HOST:PORT")  # fmt: skip
    asked = parser.parse_args(arguments)
    if asked.workers is not None and asked.workers < 1:
        parser.error(f"--workers is {asked.workers}; expected at least 1")
    study = load(asked.name)
    chosen = [seed for group in asked.seeds or [study.SEEDS] for seed in group]
    code = code_of(study)
    store = Cases(asked.name, code)
    done: dict[Case, dict] = {}
    failures: list[str] = []
    while True:  # what has come out may ask for more
        labels = study.cases(by_label(done))
        if asked.only is not None:
            if asked.only not in labels:
                known = "\n  ".join(labels)
                raise BookError(f"{asked.name} has no case {asked.only!r}; it has\n  {known}")
            labels = {asked.only: labels[asked.only]}
        cases = [Case(label, seed, what) for label, what in labels.items() for seed in chosen]
        if len(done) == len(cases):
            break
        try:
            failures = engine.run(study.run, cases, store, asked.workers, asked.scheduler)
        except KeyboardInterrupt:
            kept = sum(store.get(case) is not None for case in cases)
            print(f"\nstopped; {kept} of {len(cases)} cases are kept, and the same command goes on",
                  file=sys.stderr)  # fmt: skip
            return 130
        done = {case: one for case in cases if (one := store.get(case))}
        if failures:
            break
    for failure in failures:
        print(f"\nraised: {failure}", file=sys.stderr)
    if failures:
        print(f"{len(failures)} of {len(cases)} cases raised; the others are kept", file=sys.stderr)
        return 1
    show(study.table(by_label(done)))
    if asked.only is None and chosen == [*study.SEEDS]:
        print(f"written: {publish(asked.name, study, code, done)}")
    else:
        print("results/ is as it was: it has all cases, with the seeds that the study names")
    return 0


def seeds(text: str) -> list[int]:
    """The seeds that `7` or `0-9` names."""
    first, dash, last = text.partition("-")
    try:
        named = [*range(int(first), int(last if dash else first) + 1)]
    except ValueError:
        named = []
    if not named:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; expected 7, or 0-9")
    return named


def show(rows: list[dict]) -> None:
    """Print a table, its columns as wide as what is in them."""
    head = list(dict.fromkeys(name for row in rows for name in row))
    lines = [head, *([str(row.get(name, "")) for name in head] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True)]
        print(f"{line[0]:<{widths[0]}}  " + "  ".join(cells))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BookError as error:
        sys.exit(f"\n{error}")
