"""Trials that `digits` and `dcgan` tell of and do not show: `python -m benchmarks.trials [seed]`.

In PyTorch, with the chapters' own code. Each line: the share of recognized fakes relative to real
pictures, and the share of the rarest digit.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

from _ext.book import load

from .bench import names


def main(seed: int = 0) -> None:
    matplotlib.use("agg")
    book = load(Path.cwd())
    (backend,) = (backend for backend in book.backends if backend.module == "torch")
    digits = names(book, "chapters/digits", backend, until="def train_image_gan(")
    dcgan = names(book, "chapters/dcgan", backend, until="def initialize(")
    torch, flatten, d2l = digits["torch"], digits["nn"].Flatten, digits["d2l"]
    pictures = digits["images"][digits["rest"]]

    def train(title, nets, num_epochs, *settings, **more):
        """Train a generator; print what the judge says of 5,000 fakes."""
        for _ in d2l.train_image_gan(*nets[:2], pictures, num_epochs, *settings, **more):
            pass
        recognized, shares = digits["score"](nets[-1](d2l.sample_latent(5000)))
        print(f"{title:<50} {recognized:.2f}  {100 * shares.min():4.1f} %", flush=True)

    def published():
        torch.manual_seed(seed)
        return digits["make_dense_D"](1 / 3, flatten(), dropout=0.3), digits["make_dense_G"](1 / 3)

    def convolutional(scale):
        torch.manual_seed(seed)
        makers = dcgan["make_D"], dcgan["make_G"], dcgan["make_G"]
        return [dcgan["initialize"](make(), scale) for make in makers]

    train("digits, as published, 20 epochs", published(), 20, 2e-4, 2e-4)

    def smooth_update_D(X, Z, net_D, net_G, loss, trainer_D):
        return update_D(X, Z, net_D, net_G, lambda o, y: loss(o, 0.9 * y), trainer_D)

    update_D, d2l.update_D = d2l.update_D, smooth_update_D
    train("the same, the label of real pictures is 0.9", published(), 20, 2e-4, 2e-4)
    d2l.update_D = update_D

    for scale in (1.0, 0.0):
        settings = 5, 1e-3, 2e-3, (0.5, 0.99)
        nets = convolutional(scale)
        train(f"dcgan, scales around {scale:.0f}, 5 epochs", nets, *settings, nets[-1], decay=0.9)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
