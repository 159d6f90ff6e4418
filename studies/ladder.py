"""What each change in `digits` is worth, alone and added to the others, at equal steps, in PyTorch.

The fifth change, averaging the generator, is measured in every case: it does not touch training.
"""

from __future__ import annotations

import sys
from typing import Any
from unittest.mock import patch

from . import pictures
from .chapters import backend, names

SEEDS = range(3)
PACKAGES = ("numpy", "torch")
TOLERANCE = pictures.TOLERANCE
CHAPTERS, BACKENDS = ("digits",), ("pytorch",)
EPOCHS = 10  # of 125 steps
CHANGES = {
    "variety": {"variety": True},
    "noise": {"noise": 0.2},
    "first weights": {"gain": 2, "shift": True},
    "faster steps": {"lr_D": 7e-4, "lr_G": 1.4e-3, "beta2": 0.99, "dropout": 0.0},
}
AVERAGED = ("plain", "averaged")


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    found: dict[str, dict] = {"no change": {}, "labels of 0.9": {"label": 0.9}}
    found |= {f"{name} alone": change for name, change in CHANGES.items()}
    added: dict = {}
    for number, (name, change) in enumerate(CHANGES.items()):
        added |= change
        if number:
            found[f"{name} added"] = dict(added)
    return found | {"all, uniform noise": added | {"uniform": True}}


def run(
    seed: int, variety: bool = False, noise: float = 0, gain: float = 1 / 3, shift: bool = False,
    lr_D: float = 2e-4, lr_G: float = 2e-4, beta2: float = 0.999, dropout: float = 0.3,
    label: float = 1, uniform: bool = False,
) -> dict:  # fmt: skip
    digits = names("digits", backend("pytorch"), until="def train_image_gan(")
    d2l, torch = digits["d2l"], digits["torch"]

    class Front(torch.nn.Module):
        """What the discriminator sees: the chapter's layer, if all is switched on."""

        def forward(self, X: Any) -> Any:
            X = 2 * X.flatten(1) - 1 if shift else X.flatten(1)
            if noise:
                X = X + noise * (1 if shift else 0.5) * torch.randn_like(X)  # of the pixels' range
            if variety:
                X = torch.cat([X, X.std(0, correction=0).mean() * torch.ones_like(X[:, :1])], dim=1)
            return X

    def latent(n: int) -> Any:
        return torch.rand(n, 100) * 2 - 1 if uniform else torch.randn(n, 100)

    torch.manual_seed(seed)
    net_D = d2l.make_dense_D(gain, Front(), 784 + variety, dropout=dropout)
    net_G, mean_G = d2l.make_dense_G(gain), d2l.make_dense_G(gain)
    training = d2l.train_image_gan(
        net_D, net_G, digits["images"][digits["rest"]], EPOCHS, lr_D, lr_G, (0.5, beta2), mean_G,
        label=label,
    )  # fmt: skip
    module = sys.modules[d2l.train_image_gan.__module__]
    with patch.object(module, "sample_latent", latent), patch.object(d2l, "sample_latent", latent):
        for _ in training:
            pass
        nets = zip(AVERAGED, (net_G, mean_G), strict=True)
        return {name: pictures.scores(digits, net) for name, net in nets}


def table(results: dict[str, list[dict]]) -> list[dict]:
    return [
        {"training": case if name == "averaged" else f"{case}, not averaged"}
        | pictures.row([one[name] for one in seeds])
        for case, seeds in results.items()
        for name in AVERAGED
    ]


def apart(one: dict, other: dict) -> float:
    return max(pictures.apart(one[name], other[name]) for name in AVERAGED)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    def mean(name: str) -> str:
        seeds = results["faster steps added"]
        return f"{sum(one[name]['recognized'] for one in seeds) / len(seeds):.2f}"

    return {
        "steps": f"{EPOCHS * 125:,}",
        "seeds": str(len(results["no change"])),
        "averaged": mean("averaged"),
        "not averaged": mean("plain"),
    }
