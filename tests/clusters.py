"""A Dask cluster on this machine: a scheduler and some workers, each a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def cluster(folder: Path, workers: int, *path: Path) -> Iterator[tuple[str, list]]:
    """(the scheduler's address, the workers), which start in `folder` and import from `path`."""
    from distributed import Client  # not installed everywhere

    place = folder / "scheduler.json"
    options = {
        "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
        "env": {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)),
                "PYTHONDONTWRITEBYTECODE": "1"},
    }  # fmt: skip
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard",
             "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(place)]  # fmt: skip
    started = [subprocess.Popen(start, **options)]
    try:
        while not place.exists() or not place.read_text().endswith("}"):
            assert started[0].poll() is None, "the scheduler has ended"
            time.sleep(0.1)
        address = json.loads(place.read_text())["address"]
        join = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1",
                "--no-dashboard", "--no-nanny"]  # fmt: skip
        started += [subprocess.Popen(join, **options) for _ in range(workers)]
        if workers:  # a late one would find no work left
            with Client(address, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=60)
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()
