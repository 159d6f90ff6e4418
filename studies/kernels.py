"""Chess boards in the pictures of `dcgan`: kernels of 3, 4 and 5, and none that is transposed.

In PyTorch. A peak is the power of the wave of two pixels, divided by that of the next but one.
"""

from __future__ import annotations

import numpy as np

from . import pictures
from .chapters import backend, names

SEEDS = range(3)
PACKAGES = ("numpy", "torch")
TOLERANCE = pictures.TOLERANCE
CHAPTERS, BACKENDS = ("digits", "dcgan"), ("pytorch",)
LOOKS = (0, 5, 10)  # epochs


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    found = {f"kernel {kernel}": {"kernel": kernel, "epochs": max(LOOKS)} for kernel in (3, 4, 5)}
    return found | {"repeating, then convolving": {"kernel": 0, "epochs": max(LOOKS)}}


def run(seed: int, kernel: int, epochs: int) -> dict:
    torch_tab = backend("pytorch")
    digits = names("digits", torch_tab, until="def train_image_gan(")
    dcgan = names("dcgan", torch_tab, until="def initialize(")
    d2l, nn = digits["d2l"], digits["nn"]

    def make_G():
        net = dcgan["make_G"](kernel or 4)
        if not kernel:
            layers = []
            for layer in net:
                if isinstance(layer, nn.ConvTranspose2d):
                    layers.append(nn.Upsample(scale_factor=2))
                    layer = nn.Conv2d(layer.in_channels, layer.out_channels, 3, padding=1)
                layers.append(layer)
            net = nn.Sequential(*layers)
        return dcgan["initialize"](net)

    def peak(images) -> float:
        power = d2l.spectrum(images)
        return round(float(power[14] / power[12]), 3)

    digits["torch"].manual_seed(seed)
    net_D, net_G, mean_G = dcgan["initialize"](dcgan["make_D"]()), make_G(), make_G()
    found = {"real": {"peak": peak(digits["images"][:2000])}}
    found["0"] = {"peak": peak(net_G(d2l.sample_latent(2000)))}
    for epoch in d2l.train_image_gan(
        net_D, net_G, digits["images"][digits["rest"]], epochs, 1e-3, 2e-3, (0.5, 0.99),
        mean_G, decay=0.9,
    ):  # fmt: skip
        if epoch in LOOKS:
            found[str(epoch)] = pictures.scores(digits, mean_G)
            found[str(epoch)]["peak"] = peak(mean_G(d2l.sample_latent(2000)))
    return found


def table(results: dict[str, list[dict]]) -> list[dict]:
    rows = []
    for case, seeds in results.items():
        peaks = {look: np.array([one[str(look)]["peak"] for one in seeds]) for look in LOOKS}
        scores = pictures.row([one["10"] for one in seeds])
        rows.append({
            "larger by": case,
            "peak, untrained": f"{peaks[0].mean():.2f}",
            "after 5 epochs": f"{peaks[5].mean():.2f}",
            "after 10 epochs": f"{peaks[10].mean():.2f}",
            "highest": f"{peaks[10].max():.2f}",
            "recognized, mean": scores["recognized, mean"],
        })  # fmt: skip
    return rows


def apart(one: dict, other: dict) -> float:
    return max(apart_at(one[look], other[look]) for look in one)


def apart_at(one: dict, other: dict) -> float:
    """How far two looks at a generator are apart, by their peaks, and by scores if there are."""
    peaks = abs(one["peak"] - other["peak"]) / max(1, other["peak"])
    return max(peaks, pictures.apart(one, other) if "shares" in one else 0)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    first = next(iter(results.values()))
    return {"real": f"{first[0]['real']['peak']:.2f}"}
