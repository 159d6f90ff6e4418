"""The runtime for PyTorch: `from d2l_shim import torch as d2l`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt

try:
    import torch
except ModuleNotFoundError as error:
    raise ImportError(
        f'd2l_shim.torch needs PyTorch ({error}): pip install "d2l-shim[torch]"'
    ) from error

from . import data
from .plotting import Animator, set_axes, set_figsize, sheet, show_film, show_sheet, use_svg_display
from .tools import Accumulator, Batches, Timer, check_arrays, check_count

__all__ = [
    "Accumulator", "Animator", "Timer", "load_array", "load_mnist", "matmul", "normal", "numpy",
    "plt", "set_axes", "set_figsize", "sheet", "show_film", "show_sheet", "tensor", "try_gpu",
    "use_svg_display",
]  # fmt: skip

tensor = torch.tensor
normal = torch.normal
matmul = torch.matmul


def numpy(x: torch.Tensor) -> Any:
    """A copy of the values of `x` as a NumPy array on the host, outside the autograd graph."""
    return np.array(x.detach().cpu().numpy())  # a copy: training would go on changing a view


def try_gpu(i: int = 0) -> torch.device:
    """The `i`-th GPU if there is one, else the CPU."""
    has_gpu = torch.cuda.device_count() > check_count("i", i, least=0)
    return torch.device("cuda", i) if has_gpu else torch.device("cpu")


def load_array(
    data_arrays: Sequence[torch.Tensor], batch_size: int, is_train: bool = True
) -> Batches:
    """The rows of equally long tensors in batches: tuples, of which the last may be smaller.

    Each iteration is an epoch, in the order of the source or, if `is_train`, in a random one that
    `torch.manual_seed` alone decides. Raises TypeError or ValueError on bad input.
    """
    arrays = [a.detach() for a in check_arrays(data_arrays, torch.Tensor)]
    n, batch_size = len(arrays[0]), check_count("batch_size", batch_size)

    def epoch() -> Iterator[tuple[torch.Tensor, ...]]:
        # Drawn on the CPU: a GPU sees the same order. Moved once an epoch, not once a batch.
        order = torch.randperm(n) if is_train else torch.arange(n)
        for rows in zip(
            *(torch.split(order.to(a.device), batch_size) for a in arrays), strict=True
        ):
            yield tuple([a[r] for a, r in zip(arrays, rows, strict=True)])

    return Batches(n, batch_size, epoch)


def load_mnist(split: str = "test") -> tuple[torch.Tensor, torch.Tensor]:
    """Images (n, 1, 28, 28) from 0 to 1, and labels (n,), on the CPU: see `data.mnist`."""
    images, labels = data.mnist(split)
    return torch.from_numpy(images), torch.from_numpy(labels)


# What the chapters save; at the end, because it uses the names above.
from .saved.torch import *  # noqa: E402, F403
