"""The runtime for PyTorch: `from d2l_shim import torch as d2l`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

try:
    import torch
except ModuleNotFoundError as error:
    raise ImportError(
        f'd2l_shim.torch needs PyTorch ({error}): pip install "d2l-shim[torch]"'
    ) from error
from torch import nn

from . import data
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

__all__ = [
    "Accumulator", "Animator", "Timer", "load_array", "load_mnist", "matmul", "normal", "numpy",
    "plt", "set_axes", "set_figsize", "sheet", "show_film", "tensor", "try_gpu", "use_svg_display",
]  # fmt: skip

d2l = sys.modules[__name__]  # so that the saved cells can be written as the chapters are

tensor = torch.tensor
normal = torch.normal
matmul = torch.matmul


def numpy(x: torch.Tensor) -> Any:
    """A copy of the values of `x` as a NumPy array on the host, outside the autograd graph."""
    return np.array(x.detach().cpu())  # a copy: training would go on changing a view


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
        for rows in zip(*(order.to(a.device).split(batch_size) for a in arrays), strict=True):
            yield tuple([a[r] for a, r in zip(arrays, rows, strict=True)])

    return Batches(n, batch_size, epoch)


def load_mnist(split: str = "test") -> tuple[torch.Tensor, torch.Tensor]:
    """Images (n, 1, 28, 28) from 0 to 1, and labels (n,), on the CPU: see `data.mnist`."""
    images, labels = data.mnist(split)
    return torch.from_numpy(images), torch.from_numpy(labels)


# fmt: off
# --- saved from the chapters; edit them there (make notebooks) ---


def update_D(X, Z, net_D, net_G, loss, trainer_D):
    """Update the discriminator; return its summed loss."""
    trainer_D.zero_grad()
    real_Y = net_D(X)
    fake_Y = net_D(net_G(Z).detach())
    real_loss = loss(real_Y, torch.ones_like(real_Y))
    fake_loss = loss(fake_Y, torch.zeros_like(fake_Y))
    loss_D = (real_loss + fake_loss) / 2
    loss_D.backward()
    trainer_D.step()
    return loss_D.detach()


def update_G(Z, net_D, net_G, loss, trainer_G):
    """Update the generator; return its summed loss."""
    trainer_G.zero_grad()
    fake_Y = net_D(net_G(Z))
    loss_G = loss(fake_Y, torch.ones_like(fake_Y))
    loss_G.backward()
    trainer_G.step()
    return loss_G.detach()


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
    layers = []
    for num_in, num_out in zip(sizes, sizes[1:-1]):
        layers += [nn.Linear(num_in, num_out), nn.LeakyReLU(0.2)]
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))

def initialize_dense(net, gain):
    """Draw the weights from N(0, gain / inputs); set the biases to 0; return net."""
    for layer in net.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, (gain / layer.in_features) ** 0.5)
            nn.init.zeros_(layer.bias)
    return net.to(d2l.try_gpu())


def dense_G(gain):
    """Generator: noise (n, 100) to pictures (n, 1, 28, 28)."""
    net = nn.Sequential(
        mlp(100, 256, 512, 1024, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)))
    return initialize_dense(net, gain)

def dense_D(gain, front, num_in=784, dropout=0.0):
    """Discriminator: what `front` makes of pictures, to logits (n, 1)."""
    return initialize_dense(
        nn.Sequential(front, mlp(num_in, 1024, 512, 256, 1, dropout=dropout)), gain)

def noise(n):
    """Noise for n pictures: (n, 100)."""
    return d2l.normal(0, 1, (n, 100), device=d2l.try_gpu())


def train_judge(images, labels, num_epochs=10, batch_size=50, lr=0.003):
    """Train a classifier of pictures (n, 1, 28, 28) into ten digits; return it."""
    judge = nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10))
    for bias in list(judge.parameters())[1::2]:
        nn.init.zeros_(bias)
    trainer = torch.optim.Adam(judge.to(images.device).parameters(), lr, fused=True)
    data_iter = d2l.load_array((images, labels), batch_size)
    num_steps, step = num_epochs * len(data_iter), 0
    for _ in range(num_epochs):
        for X, y in data_iter:
            trainer.param_groups[0]["lr"] = lr * (1 - step / num_steps)
            trainer.zero_grad()
            nn.functional.cross_entropy(judge(X), y).backward()
            trainer.step()
            step += 1
    return judge.requires_grad_(False)


def quality(judge, pictures):
    """Share of pictures that the judge recognizes, and each digit's share in them."""
    p = d2l.numpy(judge(pictures).softmax(1))
    digits = p.argmax(axis=1)[p.max(axis=1) >= 0.9]
    shares = (digits[:, None] == range(10)).sum(axis=0) / max(1, len(digits))
    return len(digits) / len(p), shares


def train_images(net_D, net_G, images, num_epochs, lr_D, lr_G, betas=(0.5, 0.999),
                 mean_G=None, decay=0.97, batch_size=64):
    """Train on pictures (n, 1, 28, 28) with noise (n, 100); yield each epoch."""
    trainer_D, trainer_G = (
        torch.optim.Adam(net.parameters(), lr, betas, fused=True)
        for net, lr in ((net_D, lr_D), (net_G, lr_G)))
    loss = nn.BCEWithLogitsLoss(reduction="sum")
    if mean_G is not None:
        d2l.follow(mean_G.eval(), net_G, 0)
    for epoch in range(1, num_epochs + 1):
        for step, (X,) in enumerate(d2l.load_array((images,), batch_size)):
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


class Front(nn.Module):
    """Pictures to 785 numbers: noisy pixels, and how much the minibatch varies."""
    def forward(self, X):
        X = 2 * X.flatten(1) - 1
        X = X + 0.2 * torch.randn_like(X)
        spread = X.std(0, correction=0).mean()
        return torch.cat([X, spread * torch.ones_like(X[:, :1])], dim=1)


def follow(mean_G, net_G, decay):
    """Move the parameters of mean_G towards those of net_G."""
    pairs = zip(mean_G.state_dict().values(), net_G.state_dict().values())
    for mean, new in pairs:
        mean.copy_(torch.lerp(new.float(), mean.float(), decay))


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
