"""From the dense networks of `digits` to the convolutional ones of `dcgan`, in steps.

In PyTorch, each for five epochs.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from . import pictures
from .chapters import backend, names

SEEDS = range(3)
PACKAGES = ("numpy", "torch")
TOLERANCE = pictures.TOLERANCE
CHAPTERS, BACKENDS = ("digits", "dcgan"), ("pytorch",)
EPOCHS = 5
NORMALIZED, CONVOLUTIONAL = "dense, normalized", "convolutional"


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    return {
        "dense, as in digits": {"D": "dense", "G": "dense"},
        "dense, in all else as here": {"D": NORMALIZED, "G": NORMALIZED},
        "only G convolutional": {"D": NORMALIZED, "G": CONVOLUTIONAL},
        "only D convolutional": {"D": CONVOLUTIONAL, "G": NORMALIZED},
        "both convolutional": {"D": CONVOLUTIONAL, "G": CONVOLUTIONAL},
        "both, scales around 0": {"D": CONVOLUTIONAL, "G": CONVOLUTIONAL, "scale": 0.0},
    }


def run(seed: int, D: str, G: str, scale: float = 1.0) -> dict:
    digits = names("digits", backend("pytorch"), until="def train_image_gan(")
    dcgan = names("dcgan", backend("pytorch"), until="def initialize(")
    d2l, nn, torch = digits["d2l"], digits["nn"], digits["torch"]

    def normalized(*sizes: int) -> list:
        """Dense layers, with what stands between them in `dcgan`."""
        layers: list = []
        for num_in, num_out in pairwise(sizes[:-1]):
            layers += [nn.Linear(num_in, num_out), nn.BatchNorm1d(num_out), nn.LeakyReLU(0.2)]
        return [*layers, nn.Linear(*sizes[-2:])]

    def make_D() -> Any:
        if D == "dense":
            return d2l.make_dense_D(2, d2l.NoisyMinibatchStd(), 785)
        first, _, *others = normalized(784, 1024, 512, 256, 1)  # none where pictures come in
        dense = nn.Sequential(nn.Flatten(), first, *others)
        return dcgan["initialize"](dense if D == NORMALIZED else dcgan["make_D"](), scale)

    def make_G() -> Any:
        if G == "dense":
            return d2l.make_dense_G(2)
        if G == CONVOLUTIONAL:
            return dcgan["initialize"](dcgan["make_G"](), scale)
        end = nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
        net = dcgan["initialize"](nn.Sequential(*normalized(100, 256, 512, 1024, 784), *end), scale)
        nn.init.constant_(net[-3].bias, -2)  # the right brightness, as in the chapter
        return net

    torch.manual_seed(seed)
    net_D, net_G, mean_G = make_D(), make_G(), make_G()
    lr_D, lr_G, decay = (7e-4, 1.4e-3, 0.97) if D == "dense" else (1e-3, 2e-3, 0.9)
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
    def mean(case: str) -> str:
        return f"{sum(one['recognized'] for one in results[case]) / len(results[case]):.2f}"

    return {
        "epochs": str(EPOCHS),
        "scale 1": mean("both convolutional"),
        "scale 0": mean("both, scales around 0"),
    }
