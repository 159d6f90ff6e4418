"""Pictures: how studies of `digits` and `dcgan` score a generator, and what tables show of it."""

from __future__ import annotations

from typing import Any

import numpy as np

TOLERANCE = 0.05  # of all fakes, and of KID


def scores(digits: dict[str, Any], net_G: Any) -> dict[str, float | list[float]]:
    """What the judge of `digits` says about 5,000 fakes, and their distance from real pictures.

    - `recognized`: the share of fakes in which it recognizes a digit, relative to real pictures,
    - `shares`: that of each digit in them,
    - `kid`: the kernel inception distance to 2,000 pictures that neither it nor a GAN has seen.
    """
    d2l, judge = digits["d2l"], digits["judge"]
    fakes = net_G(d2l.sample_latent(5000))
    recognized, shares = digits["score"](fakes)
    real = d2l.features(judge, digits["images"][digits["test"]])
    return {
        "recognized": round(float(recognized), 4),
        "shares": [round(float(share), 4) for share in shares],
        "kid": round(float(d2l.kid(d2l.features(judge, fakes[:2000]), real)), 4),
    }


def row(seeds: list[dict]) -> dict[str, str]:
    """The columns of a table for the scores of some seeds."""
    recognized = np.array([one["recognized"] for one in seeds])
    rarest = np.array([min(one["shares"]) for one in seeds])
    return {
        "recognized, mean": f"{recognized.mean():.2f}",
        "lowest": f"{recognized.min():.2f}",
        "highest": f"{recognized.max():.2f}",
        "rarest digit, mean": f"{100 * rarest.mean():.1f} %",
        "KID, mean": f"{np.mean([one['kid'] for one in seeds]):.2f}",
    }


def apart(one: dict, other: dict) -> float:
    """How far two scores of a generator are apart: also where nothing is recognized, by KID."""
    shares = np.abs(np.subtract(one["shares"], other["shares"])).max()
    kid = abs(one["kid"] - other["kid"]) / max(1, abs(one["kid"]))
    return max(abs(one["recognized"] - other["recognized"]), shares, kid)
