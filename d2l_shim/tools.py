"""What the backends share and no framework is needed for: sums, times and batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import accumulate
from numbers import Integral
from typing import Any


def as_float(value: Any) -> float:
    """A number or 0-d tensor as a float; PyTorch warns unless its graph is left behind."""
    return float(value.detach() if hasattr(value, "detach") else value)


def check_count(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int of at least `least`, or an error that names the argument."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, got {value!r} of type {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def check_arrays(arrays: Any, kind: Any) -> list[Any]:
    """The `data_arrays` of `load_array` as a list, or an error that says how to mend the call."""
    if not isinstance(arrays, (tuple, list)):
        got = type(arrays).__name__
        raise TypeError(f"data_arrays must be a tuple of tensors, got one {got}; write (X,)")
    if not arrays:
        raise ValueError("data_arrays must hold at least one tensor, got none; write (X,)")
    for i, array in enumerate(arrays):
        if not isinstance(array, kind):
            got = type(array).__name__
            raise TypeError(f"data_arrays[{i}] must be a tensor, got {got}; use d2l.tensor(...)")
        if array.ndim == 0 or len(array) == 0:
            raise ValueError(f"data_arrays[{i}] must have rows, got shape {tuple(array.shape)}")
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"data_arrays must be equally long, one row per example, got lengths {lengths}"
        )
    return list(arrays)


class Batches:
    """An iterable with a length, of which every iteration is a call of `epoch`."""

    def __init__(self, num_examples: int, batch_size: int, epoch: Callable[[], Iterator[Any]]):
        self._length, self._epoch = -(-num_examples // batch_size), epoch

    def __iter__(self) -> Iterator[Any]:
        return self._epoch()

    def __len__(self) -> int:
        return self._length


class Accumulator:
    """Sums over `n` variables, e.g. of losses and example counts; `metric[i]` reads one."""

    def __init__(self, n: int):
        self.data = [0.0] * check_count("n", n)

    def add(self, *values: Any) -> None:
        """Add a value (number or 0-d tensor) to each sum, or fewer values to the first sums.

        Raises ValueError if there are more values than sums.
        """
        if (k := len(values)) > (n := len(self.data)):
            raise ValueError(f"add takes at most {n} values, got {k}; use Accumulator({k})")
        for i, value in enumerate([as_float(v) for v in values]):  # an error adds none of them
            self.data[i] += value

    def reset(self) -> None:
        """Set every sum back to 0."""
        self.data = [0.0] * len(self.data)

    def __getitem__(self, i: int) -> float:
        return self.data[i]


class Timer:
    """A stopwatch of laps in seconds (`times`); it runs from its construction."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.start()

    def start(self) -> None:
        """Begin a lap; one that was not stopped is dropped."""
        self._began: float | None = time.perf_counter()

    def stop(self) -> float:
        """End the lap and return its seconds; ValueError if none was started."""
        if self._began is None:
            raise ValueError("stop must follow start, got two stops in a row; call start() between")
        self.times.append(time.perf_counter() - self._began)
        self._began = None
        return self.times[-1]

    def avg(self) -> float:
        """The mean lap; ValueError if there is none."""
        if not self.times:
            raise ValueError("avg needs at least one lap, got none; call stop() first")
        return sum(self.times) / len(self.times)

    def sum(self) -> float:
        """The sum of all laps."""
        return sum(self.times)

    def cumsum(self) -> list[float]:
        """The time up to the end of each lap."""
        return list(accumulate(self.times))
