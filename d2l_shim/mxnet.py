"""The runtime for MXNet: `from d2l_shim import mxnet as d2l`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from . import data
from .numpy_compat import names_for_mxnet
from .plotting import (
    Animator,
    plt,
    set_axes,
    set_figsize,
    sheet,
    show_film,
    use_svg_display,
)  # fmt: skip
from .tools import Accumulator, Batches, Timer, check_arrays, check_count

# MXNet reads these when it is imported. By itself it computes one operator at a time. With two
# workers, the passes over real and fake pictures run side by side, and so do the steps of Adam, to
# the same result, bit by bit. So that no operator waits for another one's scratch memory, there are
# 64; and none are tied into bundles. A step of `digits` takes a third less time on two cores.
for _name, _value in {
    "MXNET_CPU_WORKER_NTHREADS": "2",
    "MXNET_CPU_TEMP_COPY": "64",
    "MXNET_EXEC_BULK_EXEC_TRAIN": "0",
}.items():
    os.environ.setdefault(_name, _value)

try:
    with names_for_mxnet():
        from mxnet import autograd, gluon, init, np, npx
        from mxnet.gluon import nn
except ModuleNotFoundError as error:
    raise ImportError(
        f'd2l_shim.mxnet needs MXNet ({error}): pip install "d2l-shim[mxnet]"; to keep numpy 2, '
        "pip install requests and then pip install --no-deps mxnet==1.9.1"
    ) from error

__all__ = [
    "Accumulator", "Animator", "Timer", "load_array", "load_mnist", "matmul", "normal", "numpy",
    "plt", "set_axes", "set_figsize", "sheet", "show_film", "tensor", "try_gpu", "use_svg_display",
]  # fmt: skip

npx.set_np()

d2l = sys.modules[__name__]  # so that the saved cells can be written as the chapters are

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


# fmt: off
# --- saved from the chapters; edit them there (make notebooks) ---


def update_D(X, Z, net_D, net_G, loss, trainer_D):
    """Update the discriminator; return its summed loss."""
    with autograd.record():
        real_Y = net_D(X)
        fake_Y = net_D(net_G(Z).detach())
        real_loss = loss(real_Y, np.ones_like(real_Y))
        fake_loss = loss(fake_Y, np.zeros_like(fake_Y))
        loss_D = (real_loss + fake_loss) / 2
    loss_D.backward()
    trainer_D.step(1)  # step(n) divides the gradient by n; we keep the sum
    return loss_D.sum()


def update_G(Z, net_D, net_G, loss, trainer_G):
    """Update the generator; return its summed loss."""
    with autograd.record():
        fake_Y = net_D(net_G(Z))
        loss_G = loss(fake_Y, np.ones_like(fake_Y))
    loss_G.backward()
    trainer_G.step(1)  # step(n) divides the gradient by n; we keep the sum
    return loss_G.sum()


def ink(pictures):
    """Pictures (n, 1, 28, 28) as one sheet, dark on white, ten in a row."""
    return 1 - d2l.sheet(d2l.numpy(pictures)[:, 0], 10)

def show(sheet, title=None):
    """Draw a sheet of pictures."""
    d2l.plt.figure(figsize=(6, 6 * sheet.shape[0] / sheet.shape[1]))
    d2l.plt.imshow(sheet, cmap="gray", vmin=0, vmax=1)
    d2l.plt.axis("off")
    d2l.plt.title(title, fontsize=10)
    d2l.plt.show()


def mlp(*sizes, dropout=0.0):
    """Linear layers with LeakyReLU and dropout between them."""
    net = nn.HybridSequential()
    for num_in, num_out in zip(sizes, sizes[1:-1]):
        net.add(nn.Dense(num_out, in_units=num_in), nn.LeakyReLU(0.2))
        net.add(*[nn.Dropout(dropout)] if dropout else [])
    net.add(nn.Dense(sizes[-1], in_units=sizes[-2]))
    net.hybridize(static_alloc=True)
    return net

def initialize_dense(net, gain):
    """Draw the weights from N(0, gain / inputs); set the biases to 0; return net."""
    net.initialize(init.Xavier("gaussian", "in", gain), ctx=d2l.try_gpu())
    return net


def dense_G(gain):
    """Generator: noise (n, 100) to pictures (n, 1, 28, 28)."""
    net = nn.HybridSequential()
    net.add(mlp(100, 256, 512, 1024, 784), nn.Activation("sigmoid"),
            nn.HybridLambda(lambda F, x: F.np.reshape(x, (-1, 1, 28, 28))))
    net.hybridize(static_alloc=True)
    return initialize_dense(net, gain)

def dense_D(gain, front, num_in=784, dropout=0.0):
    """Discriminator: what `front` makes of pictures, to logits (n, 1)."""
    net = nn.Sequential()
    net.add(front, mlp(num_in, 1024, 512, 256, 1, dropout=dropout))
    return initialize_dense(net, gain)

def noise(n):
    """Noise for n pictures: (n, 100)."""
    return d2l.normal(0, 1, (n, 100), ctx=d2l.try_gpu())


def train_judge(images, labels, num_epochs=10, batch_size=50, lr=0.003):
    """Train a classifier of pictures (n, 1, 28, 28) into ten digits; return it."""
    net = nn.HybridSequential()
    net.add(nn.Conv2D(16, 5, 2, 2, activation="relu", in_channels=1),
            nn.Conv2D(32, 3, 1, 1, activation="relu", in_channels=16), nn.MaxPool2D(2),
            nn.Dense(128, "relu", in_units=32 * 7 * 7), nn.Dense(10, in_units=128))
    net.initialize(init.Xavier("uniform", "in", 1), ctx=images.ctx)
    net.hybridize(static_alloc=True)
    trainer = gluon.Trainer(net.collect_params(), "adam")
    data_iter = d2l.load_array((images, labels), batch_size)
    loss, num_steps, step = gluon.loss.SoftmaxCELoss(), num_epochs * len(data_iter), 0
    for _ in range(num_epochs):
        for X, y in data_iter:
            trainer.set_learning_rate(lr * (1 - step / num_steps))
            with autograd.record():
                cross_entropy = loss(net(X), y)
            cross_entropy.backward()
            trainer.step(len(X))
            step += 1
    return net


def quality(judge, pictures):
    """Share of pictures that the judge recognizes, and each digit's share in them."""
    p = d2l.numpy(npx.softmax(judge(pictures)))
    digits = p.argmax(axis=1)[p.max(axis=1) >= 0.9]
    shares = (digits[:, None] == range(10)).sum(axis=0) / max(1, len(digits))
    return len(digits) / len(p), shares


def train_images(net_D, net_G, images, num_epochs, lr_D, lr_G, betas=(0.5, 0.999),
                 mean_G=None, decay=0.97, batch_size=64):
    """Train on pictures (n, 1, 28, 28) with noise (n, 100); yield each epoch."""
    trainer_D, trainer_G = (
        gluon.Trainer(net.collect_params(), "adam", {
            "learning_rate": lr, "beta1": betas[0], "beta2": betas[1]})
        for net, lr in ((net_D, lr_D), (net_G, lr_G)))
    loss = gluon.loss.SigmoidBCELoss()
    loss.hybridize(static_alloc=True)
    if mean_G is not None:
        d2l.follow(mean_G, net_G, 0)
    for epoch in range(1, num_epochs + 1):
        for step, X in enumerate(d2l.load_array((images,), batch_size)):
            Z = noise(len(X))
            d2l.update_D(X, Z, net_D, net_G, loss, trainer_D)
            d2l.update_G(Z, net_D, net_G, loss, trainer_G)
            if mean_G is not None and step % 10 == 0:
                d2l.follow(mean_G, net_G, decay)
        yield epoch


def watch(training, net_G, score, num_epochs):
    """Train; score a generator after every epoch. Return a sheet of fakes from each."""
    sheets, same_noise = [], noise(40)
    animator = d2l.Animator(
        "epoch", legend=["recognized, relative", "10 × rarest digit"],
        xlim=[0, num_epochs], ylim=[0, 1.1])
    for epoch in training:
        recognized, shares = score(net_G(noise(1000)))
        animator.add(epoch, (recognized, 10 * shares.min()))
        sheets.append(d2l.ink(net_G(same_noise)))
    return sheets


class Front(nn.Block):
    """Pictures to 785 numbers: noisy pixels, and how much the minibatch varies."""
    def forward(self, X):
        X = 2 * X.reshape(len(X), -1) - 1
        X = X + d2l.normal(0, 0.2, X.shape, ctx=X.ctx)
        variance = np.square(X - X.mean(0)).mean(0)  # np.std has no gradient
        spread = np.sqrt(variance).mean()
        return np.concatenate([X, spread * np.ones_like(X[:, :1])], axis=1)


def follow(mean_G, net_G, decay):
    """Move the parameters of mean_G towards those of net_G."""
    pairs = zip(mean_G.collect_params().values(), net_G.collect_params().values())
    for mean, new in pairs:
        mean.set_data(new.data() + decay * (mean.data() - new.data()))


def bars(scores):
    """Draw the share of each digit, for some names and their scores."""
    _, panels = d2l.plt.subplots(1, len(scores), figsize=(8, 2.2), sharey=True)
    for panel, (name, (recognized, shares)) in zip(panels, scores.items()):
        panel.bar(range(10), 100 * shares, color="#0072b2")
        panel.axhline(2, color="0.4", lw=1, ls="--")
        panel.set_title("%s: %.2f recognized" % (name, recognized), fontsize=10)
        panel.set_xticks(range(10))
    panels[0].set_ylabel("share of the digit, %")
    d2l.plt.show()


# --- end of saved cells ---
# fmt: on
