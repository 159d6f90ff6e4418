"""The chapter `dcgan` on several devices: one process on each, a share of every minibatch for each.

    torchrun --nproc-per-node 2 -m studies.many_gpus [--epochs 20] [--norm own] [--save FILE]

Graphics cards by NCCL if there is one for each process, cores by gloo if not. DDP averages the
gradients of all processes, so that each takes the same step. With `--norm shared` it is the step
that one process takes on the whole minibatch; with `own`, batch normalization sees the share alone.
"""

from __future__ import annotations

import argparse
import os

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from .chapters import backend, names

BATCH = 64  # of all processes together


class SumOfAll(torch.autograd.Function):
    """The sum of what all processes have; its gradient is the sum of their gradients."""

    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        return SumOfAll.forward(ctx, gradient)


class SharedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalization with the statistics of all processes: `SyncBatchNorm`, on cores too."""

    def _check_input_dim(self, input: torch.Tensor) -> None:
        pass

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        dims = [i for i in range(x.dim()) if i != 1]
        count = torch.full((1,), float(x.numel() // x.shape[1]), device=x.device)
        sums = SumOfAll.apply(torch.cat([count, x.sum(dims), (x * x).sum(dims)]))
        n, (total, squares) = sums[0], sums[1:].chunk(2)
        mean, shape = total / n, [1, -1] + [1] * (x.dim() - 2)
        var = squares / n - mean**2
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var * n / (n - 1), self.momentum)
        scale = self.weight * torch.rsqrt(var + self.eps)
        return x * scale.view(shape) + (self.bias - mean * scale).view(shape)


def shared(net: nn.Module) -> nn.Module:
    """Put a SharedBatchNorm into the place of every batch normalization."""
    for name, layer in net.named_children():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            new = SharedBatchNorm(layer.num_features, layer.eps, layer.momentum)
            new.load_state_dict(layer.state_dict())
            setattr(net, name, new.to(layer.weight.device))
        else:
            shared(layer)
    return net


def train(chapter: dict, num_epochs: int, norm: str) -> nn.Module:
    """Train the chapter's networks as it does; return the averaged generator."""
    d2l, device = chapter["d2l"], chapter["device"]
    rank, world = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(0)  # the same everywhere: weights, order and noise, of which each has a share
    nets = [chapter["initialize"](make()) for make in (chapter["make_D"], chapter["make_G"])]
    mean_G = chapter["initialize"](chapter["make_G"]()).eval()
    d2l.update_moving_average(mean_G, nets[1], 0)
    if norm == "shared":
        on_cards = device.type == "cuda"
        nets = [nn.SyncBatchNorm.convert_sync_batchnorm(net) if on_cards else shared(net)
                for net in nets]  # fmt: skip
    # no syncing of buffers: between two passes of a step it would change what backward needs
    net_D, net_G = (DistributedDataParallel(net, forward_sync_buffers=False) for net in nets)
    trainer_D, trainer_G = (
        torch.optim.Adam(net.parameters(), lr, (0.5, 0.99))
        for net, lr in ((net_D, 1e-3), (net_G, 2e-3))
    )
    summed = nn.BCEWithLogitsLoss(reduction="sum")

    def loss(Y: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return world * summed(Y, labels)  # DDP divides by as many

    images = chapter["images"][chapter["rest"]]
    for _ in range(num_epochs):
        order = torch.randperm(len(images))
        for step, start in enumerate(range(0, len(images) - BATCH + 1, BATCH)):
            Z = d2l.sample_latent(BATCH)[rank::world]
            X = images[order[start : start + BATCH][rank::world]]
            d2l.update_D(X, Z, net_D, net_G, loss, trainer_D)
            d2l.update_G(Z, net_D, net_G, loss, trainer_G)
            if step % 10 == 0:
                d2l.update_moving_average(mean_G, net_G.module, 0.9)
    return mean_G


def main() -> None:
    parser = argparse.ArgumentParser(prog="torchrun -m studies.many_gpus")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--norm", choices=["shared", "own"], default="shared")
    parser.add_argument("--save", metavar="FILE", help="the generator's parameters")
    asked = parser.parse_args()
    if "RANK" not in os.environ:
        parser.error("start it by torchrun, which says which process is which: see its docstring")
    cards = torch.cuda.device_count() >= int(os.environ["LOCAL_WORLD_SIZE"])
    if cards:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    else:
        torch.set_num_threads(1)
    dist.init_process_group("nccl" if cards else "gloo")
    chapter = names("dcgan", backend("pytorch"), until="def score(")
    mean_G = train(chapter, asked.epochs, asked.norm)
    if dist.get_rank() == 0:
        recognized, shares = chapter["score"](mean_G(chapter["d2l"].sample_latent(5000)))
        print(f"{dist.get_world_size()} processes, {asked.norm} statistics: recognized "
              f"{recognized:.3f}, rarest digit {100 * shares.min():.1f} %")  # fmt: skip
        if asked.save:
            torch.save(mean_G.state_dict(), asked.save)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
