"""The volumes of a training. Labeled ones are kept in memory where they fit; what is not is read a step ahead.

Volumes with voxels that are not numbers would end any training: labeled ones are left out, unlabeled ones are empty.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.snapshot import Items
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.readers import ReadVolumes, UnlabeledVolumes, in_memory
from tomosift_worker.training.settings import PreprocessingSettings

LARGEST_IN_MEMORY_BYTES = 4 * 2**30
PREPARE_AT_ONCE = 64
MOST_NAMED = 10

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


@dataclass(frozen=True)
class LabeledVolumes:
    """A reader of n labeled volumes with their class numbers `(n,)`."""

    read: ReadVolumes
    labels: NDArray[np.int64]


def labeled_volumes(context: CycleContext) -> LabeledVolumes:
    """The volumes of the snapshot's training set that can be trained on; the log names those that cannot."""
    training = context.snapshot.training
    whole = _find_whole(context, training.items)
    items, labels = training.items.take(np.flatnonzero(whole)), training.labels[whole]
    if len(items) == 0:
        return LabeledVolumes(in_memory(torch.empty(0)), labels)
    streamed = _streamed(context, items)
    first = streamed(np.zeros(1, np.int64), None)
    if first.numel() * first.element_size() * len(items) > _room_for_volumes(context.device):
        context.job.log(f"The {len(items)} labeled volumes do not fit in memory and are read as they are needed.")
        return LabeledVolumes(streamed, labels)
    places = _in_parts(len(items))
    parts = []
    for part, following in zip(places, [*places[1:], None], strict=True):
        context.job.check()
        parts.append(streamed(part, following))
    return LabeledVolumes(in_memory(torch.cat(parts)), labels)


def unlabeled_volumes(context: CycleContext) -> UnlabeledVolumes:
    """The volumes of the pool that have no training label and are not in the evaluation sample."""
    snapshot = context.snapshot
    known = np.concatenate([snapshot.training.items.ids, snapshot.sample.ids])
    items = snapshot.pool.take(np.flatnonzero(~np.isin(snapshot.pool.ids, known)))
    return UnlabeledVolumes(_streamed(context, items), len(items))


def _streamed(context: CycleContext, items: Items) -> StreamedVolumes:
    def read(positions: NDArray[np.int64]) -> NDArray[np.float32]:
        volumes = context.volumes.read(items.take(positions))
        volumes[~are_whole(volumes)] = 0.0
        return volumes

    return StreamedVolumes(read, context.settings.preprocessing, context.device)


def _find_whole(context: CycleContext, items: Items) -> NDArray[np.bool_]:
    """`(n,)`: which volumes have no voxel that is not a number."""
    whole = np.ones(len(items), np.bool_)
    for part in _in_parts(len(items)):
        context.job.check()
        whole[part] = are_whole(context.volumes.read(items.take(part)))
    if not whole.all():
        ids = items.ids[~whole]
        named = ", ".join(map(str, ids[:MOST_NAMED].tolist())) + (", …" if len(ids) > MOST_NAMED else "")
        context.job.log(
            f"{len(ids)} labeled subtomograms have voxels that are not numbers and are left out of the training: "
            f"{named}. Import them again, or label others.",
            "warning",
        )
    return whole


def are_whole(volumes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """`(n,)`: which of the volumes `(n, z, y, x)` have no voxel that is not a number."""
    return np.array([np.isfinite(volume).all() for volume in volumes], np.bool_)


def _in_parts(count: int) -> list[NDArray[np.int64]]:
    return np.split(np.arange(count), range(PREPARE_AT_ONCE, count, PREPARE_AT_ONCE)) if count else []


def _room_for_volumes(device: torch.device) -> int:
    """Bytes that the labeled volumes may take: a quarter of a GPU's free memory, and 4 GiB at most."""
    if device.type != "cuda":
        return LARGEST_IN_MEMORY_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    return min(LARGEST_IN_MEMORY_BYTES, free // 4)
