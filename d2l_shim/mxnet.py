"""The runtime for MXNet: `from d2l_shim import mxnet as d2l`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib import pyplot as plt

from . import data
from .numpy_compat import names_for_mxnet
from .plotting import Animator, set_axes, set_figsize, sheet, show_film, show_sheet, use_svg_display
from .tools import Accumulator, Batches, Timer, check_arrays, check_count

# MXNet's own environment variables stay as they are: with two workers, each with scratch memory
# (MXNET_CPU_WORKER_NTHREADS, MXNET_CPU_TEMP_COPY), a step of `digits` takes a quarter less time,
# and weights of transposed convolutions are sometimes read wrongly (tests/test_networks.py).
try:
    with names_for_mxnet():
        from mxnet import np, npx
except ModuleNotFoundError as error:
    raise ImportError(
        f'd2l_shim.mxnet needs MXNet ({error}): pip install "d2l-shim[mxnet]"; to keep numpy 2, '
        "pip install requests and then pip install --no-deps mxnet==1.9.1"
    ) from error
except OSError as error:
    raise ImportError(
        f"MXNet is installed, and a library that it needs is not ({error}): on Debian and Ubuntu, "
        "apt-get install libgomp1 libquadmath0"
    ) from error

__all__ = [
    "Accumulator", "Animator", "Timer", "load_array", "load_mnist", "matmul", "normal", "numpy",
    "plt", "set_axes", "set_figsize", "sheet", "show_film", "show_sheet", "tensor", "try_gpu",
    "use_svg_display",
]  # fmt: skip

npx.set_np()

tensor = np.array
matmul = np.matmul


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, **kwargs: Any) -> np.ndarray:
    """Draws from normal distributions, with the argument names of PyTorch."""
    return np.random.normal(mean, std, size, **kwargs)


def numpy(x: np.ndarray) -> Any:
    """The values of `x` as a NumPy array on the host, outside the autograd graph."""
    return x.asnumpy()


def try_gpu(i: int = 0) -> Any:
    """The `i`-th GPU if there is one, else the CPU."""
    return npx.gpu(i) if npx.num_gpus() > check_count("i", i, least=0) else npx.cpu()


def load_array(
    data_arrays: Sequence[np.ndarray], batch_size: int, is_train: bool = True
) -> Batches:
    """The rows of equally long arrays in batches, of which the last may be smaller.

    Batches are tuples, but bare if there is one array, as in Gluon. Each iteration is an epoch, in
    the order of the source or, if `is_train`, in a random one that `npx.random.seed` alone decides.
    Raises TypeError or ValueError on bad input.
    """
    arrays = [a.detach() for a in check_arrays(data_arrays, np.ndarray)]
    n, batch_size = len(arrays[0]), check_count("batch_size", batch_size)

    def epoch() -> Iterator[Any]:
        order = np.arange(n, dtype="int64")
        if is_train:
            np.random.shuffle(order)
        # One copy an epoch and slices of it: a quarter of the time of taking rows batch by batch.
        shuffled = [np.take(a, order.as_in_ctx(a.ctx), axis=0) for a in arrays]
        for i in range(0, n, batch_size):
            batch = tuple([a[i : i + batch_size] for a in shuffled])
            yield batch if len(batch) > 1 else batch[0]

    return Batches(n, batch_size, epoch)


def load_mnist(split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 1, 28, 28) from 0 to 1, and labels (n,), on the CPU: see `data.mnist`."""
    images, labels = data.mnist(split)
    return np.array(images), np.array(labels, dtype="int64")


# What the chapters save; at the end, because it uses the names above.
from .saved.mxnet import *  # noqa: E402, F403
