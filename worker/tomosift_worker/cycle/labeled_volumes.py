"""The labeled volumes of a training: kept in memory where they fit, else read at each step, a step ahead."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.settings import PreprocessingSettings
from tomosift_worker.training.supervised import ReadVolumes, in_memory

LARGEST_IN_MEMORY_BYTES = 4 * 2**30
PREPARE_AT_ONCE = 64

ReadRaw = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""The raw volumes `(n, z, y, x)` at n positions of the labeled set."""


class StreamedVolumes:
    """Reads volumes for `SupervisedTrainer`; while a step computes, a thread reads those of the next one."""

    def __init__(self, read_raw: ReadRaw, preprocessing: PreprocessingSettings, device: torch.device) -> None:
        self._read_raw, self._preprocessing, self._device = read_raw, preprocessing, device
        self._thread = ThreadPoolExecutor(1, "labeled-volumes")
        self._ahead: tuple[NDArray[np.int64], Future[NDArray[np.float32]]] | None = None

    def __call__(self, positions: NDArray[np.int64], upcoming: NDArray[np.int64] | None) -> Tensor:
        """The prepared volumes `(n, 1, z, y, x)` at `positions`; raises what reading them raised."""
        raw = torch.from_numpy(self.wait_for(positions)).unsqueeze(1)
        self._ahead = None if upcoming is None else (upcoming, self._thread.submit(self._read_raw, upcoming))
        return prepare(raw.to(self._device), self._preprocessing)

    def wait_for(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """The raw volumes, read by now where they were announced: all that a step ever waits for."""
        if self._ahead is not None and np.array_equal(self._ahead[0], positions):
            return self._ahead[1].result()
        return self._read_raw(positions)


def labeled_volumes(context: CycleContext) -> ReadVolumes:
    """The volumes of the snapshot's training set, for `SupervisedTrainer`."""
    items = context.snapshot.training.items
    streamed = StreamedVolumes(
        lambda positions: context.volumes.read(items.take(positions)), context.settings.preprocessing, context.device
    )
    first = streamed(np.zeros(1, np.int64), None)
    if first.numel() * first.element_size() * len(items) > _room_for_volumes(context.device):
        context.job.log(f"The {len(items)} labeled volumes do not fit in memory and are read as they are needed.")
        return streamed
    places = np.split(np.arange(len(items)), range(PREPARE_AT_ONCE, len(items), PREPARE_AT_ONCE))
    parts = []
    for part, following in zip(places, [*places[1:], None], strict=True):
        context.job.check()
        parts.append(streamed(part, following))
    return in_memory(torch.cat(parts))


def _room_for_volumes(device: torch.device) -> int:
    """Bytes that the labeled volumes may take: a quarter of a GPU's free memory, and 4 GiB at most."""
    if device.type != "cuda":
        return LARGEST_IN_MEMORY_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    return min(LARGEST_IN_MEMORY_BYTES, free // 4)
