"""Workers: who runs jobs side by side, here or on a Dask cluster.

By joblib, because one call serves both. Ray brings 80 MB and needs 8 s to start; plain Dask would
make every learner's laptop start a cluster.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from joblib import parallel_config

from .book import BookError

WAIT = 8  # seconds for a scheduler to answer


@contextmanager
def workers(kind: str, count: int | None = None, scheduler: str | None = None) -> Iterator[None]:
    """Where joblib's jobs run: as `kind`, "loky" (processes) or "threading", or on a cluster.

    `count` is as many as there are cores if not given. BookError if there is no such scheduler.
    """
    if not scheduler:
        with parallel_config(kind, n_jobs=count or os.cpu_count() or 1):
            yield
        return
    try:
        from distributed import Client
        from joblib._dask import DaskDistributedBackend
    except ImportError as error:
        raise BookError(
            f"a scheduler is asked for, {scheduler}, and Dask is not installed: "
            "pip install -r requirements-cluster.txt"
        ) from error

    class Cluster(DaskDistributedBackend):
        """Dask's workers, even if there is one: joblib would do the work of one itself."""

        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, super().effective_n_jobs(n_jobs))

    try:
        place = urlsplit(scheduler)
        with socket.create_connection((place.hostname or "", place.port or 0), WAIT) as line:
            if place.scheme == "tcp" and not line.recv(1):  # Dask speaks first; others let us hang
                raise ValueError("it hangs up")
        client = Client(scheduler, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BookError(
            f"no Dask scheduler answers at {scheduler!r} ({error}); expected tcp://HOST:PORT, as "
            "`dask scheduler` prints it"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WAIT)
        except TimeoutError as error:
            raise BookError(
                f"the scheduler at {scheduler} has no worker: start some, dask worker {scheduler}"
            ) from error
        with parallel_config(Cluster(client=client, pure=False), n_jobs=count or -1):
            yield
