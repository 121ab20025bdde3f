"""One training in several processes, each with its share of every batch (data-parallel), by torch.distributed.

All processes hold the same network. Each computes the gradients of its share; the averages of them over the processes
move all networks alike, and batch norm takes its statistics over the whole batch: a step is that of one process with
the whole batch, but for rounding. Trainers call parts of a network, which the wrapper DistributedDataParallel does not
know, so gradients are averaged here, in one piece after the backward pass. A process alone is one that no group
was set up for.
"""

from typing import cast

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_reduce

from tomosift_worker.training.counter_random import generator_at

_PROCESS_STREAM = 9


def process_count() -> int:
    """How many processes share this training."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def process_number() -> int:
    """Which of them this is, from 0."""
    return distributed.get_rank() if process_count() > 1 else 0


def own_seed(seed: int) -> int:
    """What this process draws random changes with: other ones than its fellows, and in the first as if alone."""
    if process_number() == 0:
        return seed
    return int(generator_at(seed, _PROCESS_STREAM, process_number()).integers(2**32))


def own_share(batch_size: int) -> float:
    """The weight of this process's mean loss in the average over the processes: 1 where all shares are equal."""
    own = len(range(process_number(), batch_size, process_count()))
    return own * process_count() / batch_size


def agreed(number: float) -> float:
    """The mean of a number over the processes: equal in all of them, so that they decide alike by it."""
    if process_count() == 1:
        return number
    shared = torch.tensor(number, dtype=torch.float64)
    distributed.all_reduce(shared)
    return float(shared) / process_count()


@torch.no_grad()
def average_gradients(network: nn.Module) -> None:
    """Give each parameter the mean of its gradients over the processes."""
    if process_count() == 1:
        return
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    together = torch.cat([gradient.reshape(-1) for gradient in gradients])
    distributed.all_reduce(together)
    together /= process_count()
    start = 0
    for gradient in gradients:
        gradient.copy_(together[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()


def share_statistics(network: nn.Module) -> None:
    """Let the network's batch norms, in place, take their statistics over the batches of all processes."""
    if process_count() == 1:
        return
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if type(layer) is nn.BatchNorm3d:
                setattr(parent, name, SharedBatchNorm3d.with_weights_of(layer))


class SharedBatchNorm3d(nn.BatchNorm3d):
    """Batch norm over the batches of all processes; in eval mode, and alone, the usual one.

    torch's SyncBatchNorm does the same on GPUs only.
    """

    @classmethod
    def with_weights_of(cls, layer: nn.BatchNorm3d) -> "SharedBatchNorm3d":
        """A layer that has the very parameters and buffers of another."""
        shared = cls(layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
        for name, parameter in layer.named_parameters():
            setattr(shared, name, parameter)
        for name, buffer in layer.named_buffers():
            setattr(shared, name, buffer)
        return shared.train(layer.training)

    def forward(self, maps: Tensor) -> Tensor:
        """`(n, channels, z, y, x)` to the same."""
        if not self.training or process_count() == 1:
            return super().forward(maps)
        values, axes = maps.to(torch.promote_types(maps.dtype, torch.float32)), (0, 2, 3, 4)
        count = values.new_full((1,), values.numel() / values.shape[1])
        sums = torch.cat([values.sum(dim=axes), values.square().sum(dim=axes), count])
        sums = cast(Tensor, all_reduce(sums))  # type: ignore[no-untyped-call]
        total, squares, n = sums[: self.num_features], sums[self.num_features : -1], sums[-1]
        mean = total / n
        variance = (squares / n - mean.square()).clamp_min(0.0)
        self._remember(mean.detach(), variance.detach() * n / (n - 1.0).clamp_min(1.0))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        offset = self.bias - mean * scale
        shape = (1, -1, 1, 1, 1)
        return (values * scale.view(shape) + offset.view(shape)).to(maps.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.momentum is None:
            raise TypeError("batch norms are shared that keep running statistics with a momentum")
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
