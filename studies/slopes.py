"""Minimax against non-saturating loss in `convergence`: where D is sure, and what Adam makes of it.

In PyTorch, a hundred GANs at once, from the usual start and with a head start for D.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np

from .chapters import backend, names

SEEDS = range(1, 4)
PACKAGES = ("numpy", "torch")
TOLERANCE = 0.2  # of a median; of 0.05 where it is smaller
CHAPTERS, BACKENDS = ("convergence",), ("pytorch",)
LOSSES = {"minimax": "update_G_minimax", "non-saturating": "update_G"}
STARTS = {"usual start": 0.0, "head start": 3.0}
OPTIMIZERS = ("Adam", "SGD")
RATE = 0.0005  # of SGD: small enough that D keeps its lead as it does with Adam
EPOCH = 125  # steps


def cases(results: dict[str, list[dict]]) -> dict[str, dict]:
    return {
        f"{loss}, {start}, {optimizer}": {"loss": loss, "offset": offset, "optimizer": optimizer}
        for start, offset in STARTS.items()
        for optimizer in OPTIMIZERS
        for loss in LOSSES
    }


def run(seed: int, loss: str, offset: float, optimizer: str) -> dict:
    """Medians over GANs of D(G(z)) in the first and in the last epoch, of how far the first epoch
    has moved the generator's parameters, and of KL at the end."""
    found = names("convergence", backend("pytorch"), until="def move(")
    d2l, torch = found["d2l"], found["torch"]
    update_G = found.get(LOSSES[loss]) or getattr(d2l, LOSSES[loss])
    answers: list[np.ndarray] = []
    parameters: list[np.ndarray] = []

    def step(Z: Any, net_D: Any, net_G: Any, *others: Any) -> None:
        with torch.no_grad():
            answers.append(d2l.numpy(torch.sigmoid(net_D(net_G(Z)))).mean(axis=(0, 1)))
        update_G(Z, net_D, net_G, *others)
        if len(answers) in (1, EPOCH):
            flat = [d2l.numpy(p).reshape(-1, p.shape[-1]) for p in net_G.parameters()]
            parameters.append(np.concatenate(flat))

    adam = torch.optim.Adam

    def for_D_only(net: Any, lr: float, **settings: Any) -> Any:
        net = list(net)
        return adam(net, lr, **settings) if len(net) > 2 else torch.optim.SGD(net, RATE)

    found["set_seed"](seed)
    net_D, net_G = found["new_nets"](100)
    data = found["make_data"](100)
    if offset:
        found["move"](net_G, [[offset], [-offset]])
        found["train"](net_D, net_G, data, num_epochs=1, lr_G=0.0)
    with patch.object(torch.optim, "Adam", adam if optimizer == "Adam" else for_D_only):
        end = found["train"](net_D, net_G, data, update_G=step)
    first, last = (np.median(answers[part]) for part in (slice(EPOCH), slice(-EPOCH, None)))
    moved = np.linalg.norm(parameters[1] - parameters[0], axis=0)
    kl = found["kl"](*found["gaussians"](*end))
    told = {"first": first, "last": last, "moved": np.median(moved), "kl": np.median(kl)}
    return {name: round(float(value), 4) for name, value in told.items()}


def table(results: dict[str, list[dict]]) -> list[dict]:
    return [
        {
            "loss, start, generator's optimizer": case,
            "D(G(z)), first epoch": f"{np.mean([one['first'] for one in seeds]):.2f}",
            "last epoch": f"{np.mean([one['last'] for one in seeds]):.2f}",
            "moved in the first epoch": f"{np.mean([one['moved'] for one in seeds]):.2f}",
            "median KL at the end": f"{np.mean([one['kl'] for one in seeds]):.2f}",
        }
        for case, seeds in results.items()
    ]


def apart(one: dict, other: dict) -> float:
    return max(abs(one[name] - other[name]) / max(0.05, abs(one[name])) for name in one)


def values(results: dict[str, list[dict]]) -> dict[str, str]:
    def ratio(optimizer: str) -> str:
        moved = [np.mean([one["moved"] for one in results[f"{loss}, usual start, {optimizer}"]])
                 for loss in LOSSES]  # fmt: skip
        return f"{moved[1] / moved[0]:.1f}"

    first = results["non-saturating, usual start, Adam"]
    return {
        "D at first": f"{np.mean([one['first'] for one in first]):.1f}",
        "farther, Adam": ratio("Adam"),
        "farther, SGD": ratio("SGD"),
    }
