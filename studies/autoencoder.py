"""The generator of `dcgan` as the decoder of a variational autoencoder, against itself in a GAN.

In PyTorch, the same pictures, minibatches and epochs. A picture is sharp if much of the power of
its rows is in waves shorter than four pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import pictures
from .chapters import backend, names

SEEDS = range(3)
PACKAGES = ("numpy", "torch")
TOLERANCE = pictures.TOLERANCE
CHAPTERS, BACKENDS = ("digits", "dcgan"), ("pytorch",)
EPOCHS = 10


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    kinds = {"variational autoencoder": "vae", "GAN": "gan"}
    return {label: {"kind": kind, "epochs": EPOCHS} for label, kind in kinds.items()}


def run(seed: int, kind: str, epochs: int) -> dict:
    torch_tab = backend("pytorch")
    digits = names("digits", torch_tab, until="def train_image_gan(")
    dcgan = names("dcgan", torch_tab, until="def initialize(")
    d2l, torch, nn = digits["d2l"], digits["torch"], digits["nn"]
    images = digits["images"][digits["rest"]]

    def train_vae(encoder: Any, decoder: Any) -> None:
        """By the bound of Kingma and Welling (2014): -log p(x | z) + KL(q(z | x), N(0, 1))."""
        both = [*encoder.parameters(), *decoder.parameters()]
        trainer = torch.optim.Adam(both, 1e-3, fused=True)
        for _ in range(epochs):
            for (X,) in d2l.load_array((images,), 64):
                mean, log_variance = encoder(X).chunk(2, dim=1)
                Z = mean + (log_variance / 2).exp() * torch.randn_like(mean)
                decoded = nn.functional.binary_cross_entropy(decoder(Z), X, reduction="sum")
                kl = (mean**2 + log_variance.exp() - log_variance - 1).sum() / 2
                trainer.zero_grad()
                ((decoded + kl) / len(X)).backward()
                trainer.step()

    torch.manual_seed(seed)
    net_D, net_G = dcgan["initialize"](dcgan["make_D"]()), dcgan["initialize"](dcgan["make_G"]())
    if kind == "vae":
        net_D[-1] = nn.Linear(256, 200)
        train_vae(net_D, net_G)
    else:
        learns, net_G = net_G, dcgan["initialize"](dcgan["make_G"]())
        for _ in d2l.train_image_gan(
            net_D, learns, images, epochs, 1e-3, 2e-3, (0.5, 0.99), net_G, decay=0.9
        ):  # fmt: skip
            pass
    net_G.eval()
    found = pictures.scores(digits, net_G)
    return found | {"sharp": sharp(d2l.spectrum(net_G(d2l.sample_latent(2000)))),
                    "real": sharp(d2l.spectrum(digits["images"][digits["test"]]))}  # fmt: skip


def sharp(power: np.ndarray) -> float:
    """The share of the power beyond ¼ cycle per pixel."""
    return round(float(power[8:].sum() / power[1:].sum()), 4)


def table(results: dict[str, list[dict]]) -> list[dict]:
    rows = []
    for case, seeds in results.items():
        scores, sharp = pictures.row(seeds), [100 * one["sharp"] for one in seeds]
        rows.append({
            "generator": case,
            "recognized, mean": scores["recognized, mean"],
            "KID, mean": scores["KID, mean"],
            "power in short waves, mean": f"{np.mean(sharp):.1f} %",
            "lowest": f"{min(sharp):.1f} %",
            "highest": f"{max(sharp):.1f} %",
        })  # fmt: skip
    return rows


def apart(one: dict, other: dict) -> float:
    sharp = abs(one["sharp"] - other["sharp"]) / other["real"]
    return max(pictures.apart(one, other), sharp)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    first = next(iter(results.values()))
    return {"real": f"{100 * first[0]['real']:.1f} %", "epochs": str(EPOCHS)}
