"""Where a trainer gets its volumes from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tomosift_worker.training.batches import BatchPlan
from tomosift_worker.training.counter_random import generator_at

_UNLABELED_STREAM = 6

ReadVolumes = Callable[[NDArray[np.int64], NDArray[np.int64] | None], Tensor]
"""Gives the prepared volumes `(n, 1, z, y, x)` at n positions of a set, on the network's device. It also hears the
positions of the next step (None after the last), so that it can read ahead."""


def in_memory(volumes: Tensor) -> ReadVolumes:
    """A reader of prepared volumes `(n, 1, z, y, x)` that are all in the device's memory."""
    return lambda positions, _: volumes[torch.from_numpy(positions).to(volumes.device)]


@dataclass(frozen=True)
class UnlabeledVolumes:
    """A reader of the `count` volumes without a label that training may look at."""

    read: ReadVolumes
    count: int


class UnlabeledBatches:
    """The unlabeled volumes of each step: shuffled epochs, by the step's number alone.

    `seed` is what random changes of them are to be drawn with: another stream than the labeled ones'.
    """

    def __init__(self, volumes: UnlabeledVolumes, batch_size: int, steps: int, seed: int) -> None:
        self.seed = int(generator_at(seed, _UNLABELED_STREAM).integers(2**32))
        self._volumes, self._steps = volumes, steps
        self._plan = BatchPlan(np.zeros(volumes.count, np.int64), batch_size, "none", self.seed)
        self._drawn: dict[int, NDArray[np.int64]] = {}

    def at(self, step: int) -> Tensor:
        """The prepared volumes `(n, 1, z, y, x)` of a step."""
        chosen = self._drawn[step] if step in self._drawn else self._plan.indices(step)
        upcoming = self._plan.indices(step + 1) if step + 1 < self._steps else None
        self._drawn = {} if upcoming is None else {step + 1: upcoming}
        return self._volumes.read(chosen, upcoming)
