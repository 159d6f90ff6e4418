"""Engine: run cases side by side, in processes here or on a Dask cluster."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable

from joblib import Parallel, delayed
from joblib.externals.loky import BrokenProcessPool
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from _ext.book import BookError
from _ext.workers import workers

from .case import Case
from .results import Cases

LOSSES = 3  # of a worker, before nobody is sent again


def run(
    function: Callable[..., dict], cases: list[Case], store: Cases,
    count: int | None = None, scheduler: str | None = None,
) -> list[str]:  # fmt: skip
    """Run the cases that `store` has not yet, and keep each one there as soon as it is finished.

    Returns what went wrong, a text per case that raised; all others have been run. Raises
    BookError if there is no such scheduler, or if workers are lost again and again.
    """
    failures: dict[Case, str] = {}
    losses = 0
    with workers("loky", count, scheduler), tqdm(total=len(cases), unit="case") as bar:
        bar.update(sum(store.get(case) is not None for case in cases))
        while todo := [c for c in cases if store.get(c) is None and c not in failures]:
            jobs = (delayed(attempt)(function, case) for case in todo)
            try:
                for case, seconds, result, error in Parallel(
                    return_as="generator_unordered", batch_size=1
                )(jobs):
                    if error:
                        failures[case] = f"{case}, {case.settings}:\n{error}"
                    else:
                        store.keep(case, seconds, result)
                    bar.update()
            except BrokenProcessPool as error:  # also joblib's TerminatedWorkerError
                losses += 1
                if losses == LOSSES:
                    raise BookError(
                        f"a worker was ended from outside {LOSSES} times (out of memory?): "
                        "finished cases are kept; try with fewer --workers"
                    ) from error
                bar.write("a worker was lost; its cases run again")
    return list(failures.values())


def attempt(function: Callable[..., dict], case: Case) -> tuple[Case, float, dict, str]:
    """Run one case, on one thread wherever it runs; (case, seconds, result, error).

    More threads would change the order of sums, and so results; and here they are no faster.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # for libraries that this case loads
    began = time.perf_counter()
    result, error = {}, ""
    with threadpool_limits(1):  # for those that are loaded
        try:
            result = function(seed=case.seed, **case.settings)
        except Exception:
            error = traceback.format_exc()
    return case, round(time.perf_counter() - began, 2), result, error
