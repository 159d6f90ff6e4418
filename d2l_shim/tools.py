"""What every backend shares and no framework is needed for: sums, times and batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import accumulate
from numbers import Integral
from typing import Any, SupportsFloat


def check_count(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int of at least `least`, or an error that names the argument."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(
            f"{name} must be a whole number, got {value!r} of type {type(value).__name__}"
        )
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def check_arrays(data_arrays: Any, array_type: type) -> list[Any]:
    """The arrays of `load_array` as a list, or an error that says how to mend the call."""
    if not isinstance(data_arrays, (tuple, list)):
        kind = type(data_arrays).__name__
        hint = "; write (X,) for a single array X" if isinstance(data_arrays, array_type) else ""
        raise TypeError(f"data_arrays must be a tuple of arrays, got a {kind}{hint}")
    if not data_arrays:
        raise ValueError("data_arrays must hold at least one array, got none; write (X,) or (X, y)")
    for i, array in enumerate(data_arrays):
        if not isinstance(array, array_type):
            raise TypeError(
                f"data_arrays[{i}] must be a tensor of this backend, got a "
                f"{type(array).__name__}; convert it with d2l.tensor(...)"
            )
        if array.ndim == 0:
            raise ValueError(f"data_arrays[{i}] must have rows, got a scalar of shape ()")
    lengths = [len(array) for array in data_arrays]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"data_arrays must be equally long, got lengths {lengths}; row i of each array "
            "belongs to example i"
        )
    if lengths[0] == 0:
        raise ValueError("data_arrays must not be empty, got arrays of length 0")
    return list(data_arrays)


class Batches:
    """An iterable with a length whose every iteration is one call of `epoch`."""

    def __init__(self, num_examples: int, batch_size: int, epoch: Callable[[], Iterator[Any]]):
        self._length = -(-num_examples // batch_size)
        self._epoch = epoch

    def __iter__(self) -> Iterator[Any]:
        return self._epoch()

    def __len__(self) -> int:
        return self._length


class Accumulator:
    """Sums over `n` variables, e.g. losses and example counts; `metric[i]` reads one."""

    def __init__(self, n: int):
        self.data = [0.0] * check_count("n", n)

    def add(self, *values: SupportsFloat) -> None:
        """Add one value (number or 0-d tensor) to each sum; with fewer values, to the first sums.

        Raises ValueError if there are more values than sums.
        """
        if len(values) > len(self.data):
            raise ValueError(
                f"add got {len(values)} values for {len(self.data)} sums; "
                f"make the Accumulator with n={len(values)}"
            )
        for i, value in enumerate([float(v) for v in values]):  # all or, on an error, none
            self.data[i] += value

    def reset(self) -> None:
        """Set every sum back to 0."""
        self.data = [0.0] * len(self.data)

    def __getitem__(self, i: int) -> float:
        return self.data[i]


class Timer:
    """A stopwatch of many laps, in seconds; it runs from its construction."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.start()

    def start(self) -> None:
        """Begin a lap, dropping one that was not stopped."""
        self._began: float | None = time.perf_counter()

    def stop(self) -> float:
        """End the lap and return its seconds; ValueError if none was started since the last."""
        if self._began is None:
            raise ValueError("Timer.stop was called with no lap running; call start() first")
        self.times.append(time.perf_counter() - self._began)
        self._began = None
        return self.times[-1]

    def avg(self) -> float:
        """The mean seconds of a lap; ValueError before the first `stop`."""
        if not self.times:
            raise ValueError("Timer.avg needs at least one lap, got none; call stop() first")
        return sum(self.times) / len(self.times)

    def sum(self) -> float:
        """The seconds of all laps together."""
        return sum(self.times)

    def cumsum(self) -> list[float]:
        """The seconds of all laps up to each lap."""
        return list(accumulate(self.times))
