"""What `digits` and `dcgan` tell of and do not show, in PyTorch, with the chapters' own code.

A result is the share of recognized fakes relative to real pictures, and that of the rarest digit.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np

from .chapters import backend, names

SEEDS = range(3)
PACKAGES = ("numpy", "torch")
TOLERANCE = 0.05  # of all fakes
CHAPTERS, BACKENDS = ("digits", "dcgan"), ("pytorch",)
EPOCHS = {"digits": 20, "dcgan": 5}


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    return {
        "digits, as published, 20 epochs": {"chapter": "digits", "label": 1.0},
        "digits, the label of real pictures is 0.9": {"chapter": "digits", "label": 0.9},
        "dcgan, scales around 1, 5 epochs": {"chapter": "dcgan", "scale": 1.0},
        "dcgan, scales around 0, 5 epochs": {"chapter": "dcgan", "scale": 0.0},
    }


def run(seed: int, chapter: str, **settings: Any) -> dict:
    torch = backend("pytorch")
    digits = names("digits", torch, until="def train_image_gan(")
    d2l, set_seed = digits["d2l"], digits["torch"].manual_seed
    real = digits["images"][digits["rest"]]
    set_seed(seed)
    if chapter == "digits":
        net_D = digits["make_dense_D"](1 / 3, digits["nn"].Flatten(), dropout=0.3)
        net_G = digits["make_dense_G"](1 / 3)
        training = d2l.train_image_gan(net_D, net_G, real, EPOCHS[chapter], 2e-4, 2e-4)
    else:
        dcgan = names("dcgan", torch, until="def initialize(")
        set_seed(seed)
        makers = dcgan["make_D"], dcgan["make_G"], dcgan["make_G"]
        net_D, learns, net_G = [dcgan["initialize"](make(), settings["scale"]) for make in makers]
        training = d2l.train_image_gan(
            net_D, learns, real, EPOCHS[chapter], 1e-3, 2e-3, (0.5, 0.99), net_G, decay=0.9
        )
    update_D = d2l.update_D

    def smooth(X, Z, net_D, net_G, loss, trainer_D):
        """update_D with another label for real pictures, whose loss alone gets a label above 0."""
        label = settings.get("label", 1.0)
        return update_D(X, Z, net_D, net_G, lambda o, y: loss(o, label * y), trainer_D)

    with patch.object(d2l, "update_D", smooth):
        for _ in training:
            pass
    recognized, shares = digits["score"](net_G(d2l.sample_latent(5000)))
    return {"recognized": round(float(recognized), 4), "rarest": round(float(shares.min()), 4)}


def table(results: dict[str, list[dict]]) -> list[dict]:
    rows = []
    for case, seeds in results.items():
        recognized = np.array([one["recognized"] for one in seeds])
        rarest = np.array([one["rarest"] for one in seeds])
        rows.append({
            "training": case,
            "recognized, mean": f"{recognized.mean():.2f}",
            "lowest": f"{recognized.min():.2f}",
            "highest": f"{recognized.max():.2f}",
            "rarest digit, mean": f"{100 * rarest.mean():.1f} %",
        })  # fmt: skip
    return rows


def apart(one: dict, other: dict) -> float:
    return max(abs(one[name] - other[name]) for name in one)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    published, _, *scaled = results.values()
    best = max(one["rarest"] for one in published)
    shares = [np.mean([one["recognized"] for one in seeds]) for seeds in scaled]
    return {
        "seeds": str(len(published)),
        "epochs": str(EPOCHS["digits"]),
        "rarest, best": f"{100 * best:.1f} %",
        **{f"scale {scale}": f"{share:.2f}" for scale, share in zip((1, 0), shares, strict=True)},
    }
