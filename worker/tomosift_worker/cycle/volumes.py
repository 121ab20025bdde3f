"""The pool's voxels, read from the volume store by the batch."""

import queue
import threading
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tomosift.volumes.store import VolumeArray, VolumeStore
from tomosift_worker.acquisition.pool_pass import PoolBatch
from tomosift_worker.cycle.snapshot import Items

BATCHES_AHEAD = 2


class PoolVolumes:
    """Reads items' volumes. Each source's array is opened once."""

    def __init__(self, store_url: str) -> None:
        self._store = VolumeStore(store_url)
        self._arrays: dict[str, VolumeArray] = {}

    def read(self, items: Items) -> NDArray[np.float32]:
        """Volumes `(n, z, y, x)` of n items, in their order. Raises VolumeStoreProblem, IndexError."""
        volumes: NDArray[np.float32] | None = None
        for number in np.unique(items.source_numbers):
            places = np.flatnonzero(items.source_numbers == number)
            part = self._array(str(items.sources[number])).read(items.rows[places])
            if volumes is None:
                volumes = np.empty((len(items), *part.shape[1:]), np.float32)
            volumes[places] = part
        if volumes is None:
            raise ValueError("no items to read")
        return volumes

    def batches(self, items: Items, batch_size: int) -> Iterator[PoolBatch]:
        """All items in order; a thread reads ahead while the device works."""
        parts = (items.take(slice(start, start + batch_size)) for start in range(0, len(items), batch_size))
        return read_ahead(PoolBatch(part.ids, self.read(part)) for part in parts)

    def _array(self, source_id: str) -> VolumeArray:
        if source_id not in self._arrays:
            self._arrays[source_id] = self._store.open(source_id)
        return self._arrays[source_id]


def read_ahead(batches: Iterator[PoolBatch], ahead: int = BATCHES_AHEAD) -> Iterator[PoolBatch]:
    """The same batches, up to `ahead` of them made in advance by a thread; its errors are raised here."""
    waiting: queue.Queue[PoolBatch | BaseException | None] = queue.Queue(maxsize=ahead)
    closed = threading.Event()

    def put(each: PoolBatch | BaseException | None) -> None:
        while not closed.is_set():
            try:
                return waiting.put(each, timeout=0.2)
            except queue.Full:
                continue

    def fill() -> None:
        try:
            for batch in batches:
                put(batch)
                if closed.is_set():
                    return
            put(None)
        except BaseException as error:  # handed to the reader, whatever it is
            put(error)

    thread = threading.Thread(target=fill, name="read-ahead", daemon=True)
    thread.start()
    try:
        while (batch := waiting.get()) is not None:
            if isinstance(batch, BaseException):
                raise batch
            yield batch
    finally:
        closed.set()
        thread.join()
