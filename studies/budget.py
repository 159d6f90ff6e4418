"""The lesson that `digits` follows, run as its author did: its networks, its loop, and its steps.

Like there: PyTorch's own first weights, the generator before the discriminator in each step, means
of losses, the label 0.9. Unlike there: 8,000 pictures of MNIST again and again, not 60,000.
"""

from __future__ import annotations

import numpy as np

from . import pictures
from .chapters import backend, names

SEEDS = range(2)
PACKAGES = ("numpy", "torch")
TOLERANCE = pictures.TOLERANCE
CHAPTERS, BACKENDS = ("digits",), ("pytorch",)
STEPS = 250  # of an epoch: 8,000 pictures in minibatches of 32
LOOKS = (3, 10, 20, 50, 150)  # epochs; the last is 37,500 steps, the author's 20 epochs of 60,000


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    return {"the source": {"label": 0.9, "epochs": max(LOOKS)}}


def run(seed: int, label: float, epochs: int) -> dict:
    digits = names("digits", backend("pytorch"), until="def train_image_gan(")
    d2l, torch, nn = digits["d2l"], digits["torch"], digits["nn"]
    torch.manual_seed(seed)
    net_G = nn.Sequential(
        d2l.leaky_mlp(100, 256, 512, 1024, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
    )
    net_D = nn.Sequential(
        nn.Flatten(), d2l.leaky_mlp(784, 1024, 512, 256, 1, dropout=0.3), nn.Sigmoid()
    )
    trainer_D, trainer_G = (
        torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999), fused=True) for net in (net_D, net_G)
    )
    loss, found = nn.BCELoss(), {}
    for epoch in range(1, epochs + 1):
        for (X,) in d2l.load_array((digits["images"][digits["rest"]],), 32):
            valid, fake = torch.full((len(X), 1), label), torch.zeros(len(X), 1)
            fakes = net_G(torch.randn(len(X), 100))
            trainer_G.zero_grad()
            loss(net_D(fakes), valid).backward()
            trainer_G.step()
            trainer_D.zero_grad()
            ((loss(net_D(X), valid) + loss(net_D(fakes.detach()), fake)) / 2).backward()
            trainer_D.step()
        if epoch in LOOKS:
            found[f"{STEPS * epoch:,}"] = pictures.scores(digits, net_G)
    return found


def table(results: dict[str, list[dict]]) -> list[dict]:
    (seeds,) = results.values()
    return [
        {"training": f"after {steps} steps"}
        | pictures.row([one[steps] for one in seeds])
        | {"most frequent digit, mean": commonest([one[steps] for one in seeds])}
        for steps in seeds[0]
    ]


def commonest(seeds: list[dict]) -> str:
    """The share of each seed's most frequent digit among what is recognized, mean over seeds."""
    return f"{100 * np.mean([max(one['shares']) for one in seeds]):.0f} %"


def apart(one: dict, other: dict) -> float:
    return max(pictures.apart(one[steps], other[steps]) for steps in one)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    (seeds,) = results.values()
    return {"steps": f"{STEPS * max(LOOKS):,}", "seeds": str(len(seeds))}
