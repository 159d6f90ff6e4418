"""The networks of `dcgan` with one thing changed: as `digits` has it, or the paper.

In PyTorch, each for five epochs. The paper is Radford, Metz and Chintala (2016).
"""

from __future__ import annotations

from typing import Any

from . import pictures
from .chapters import backend, names

SEEDS = range(3)
PACKAGES = ("numpy", "torch")
TOLERANCE = pictures.TOLERANCE
CHAPTERS, BACKENDS = ("digits", "dcgan"), ("pytorch",)
EPOCHS = 5
HERE = {"lr_D": 1e-3, "lr_G": 2e-3, "decay": 0.9}


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    return {
        "as in this chapter": HERE,
        "rates as in digits": HERE | {"lr_D": 7e-4, "lr_G": 1.4e-3},
        "averaged as in digits": HERE | {"decay": 0.97},
        "noise and spread as in digits": HERE | {"witness": True},
        "without batch normalization": HERE | {"normalize": False},
        "without hidden dense layers in G": HERE | {"hidden": False},
        "first weights from N(0, 0.02²)": HERE | {"weights": 0.02},
        "the same, and the paper's rates": HERE | {"weights": 0.02, "lr_D": 2e-4, "lr_G": 2e-4},
        "last bias 0": HERE | {"bias": 0.0},
    }


def run(
    seed: int, lr_D: float, lr_G: float, decay: float, witness: bool = False,
    normalize: bool = True, hidden: bool = True, weights: float = 0.05, bias: float = -2.0,
) -> dict:  # fmt: skip
    digits = names("digits", backend("pytorch"), until="def train_image_gan(")
    dcgan = names("dcgan", backend("pytorch"), until="def initialize(")
    d2l, nn, torch = digits["d2l"], digits["nn"], digits["torch"]
    norms, weighted = (nn.BatchNorm1d, nn.BatchNorm2d), (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)

    class Witness(nn.Sequential):
        """A discriminator that sees noisy pictures, and how much the minibatch varies."""

        def forward(self, X: Any) -> Any:
            spread = X.std(0, correction=0).mean()
            X = X + 0.1 * torch.randn_like(X)
            for layer in self[:-1]:
                X = layer(X)
            return self[-1](torch.cat([X, spread * torch.ones_like(X[:, :1])], dim=1))

    def changed(net: Any) -> Any:
        if not normalize:
            net = nn.Sequential(*[layer for layer in net if not isinstance(layer, norms)])
        net = dcgan["initialize"](net)
        for layer in net:
            if isinstance(layer, weighted):
                layer.weight.data *= weights / 0.05
                if layer.bias.ne(0).any():  # the one that makes pictures
                    nn.init.constant_(layer.bias, bias)
        return net

    def make_D() -> Any:
        net = dcgan["make_D"]()
        return changed(Witness(*net[:-1], nn.Linear(257, 1)) if witness else net)

    def make_G() -> Any:
        net = dcgan["make_G"]()
        return changed(net if hidden else nn.Sequential(nn.Linear(100, 32 * 7 * 7), *net[10:]))

    torch.manual_seed(seed)
    net_D, net_G, mean_G = make_D(), make_G(), make_G()
    for _ in d2l.train_image_gan(
        net_D, net_G, digits["images"][digits["rest"]], EPOCHS, lr_D, lr_G, (0.5, 0.99), mean_G,
        decay=decay,
    ):  # fmt: skip
        pass
    return pictures.scores(digits, mean_G)


def table(results: dict[str, list[dict]]) -> list[dict]:
    return [{"networks": case} | pictures.row(seeds) for case, seeds in results.items()]


apart = pictures.apart


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    return {}
