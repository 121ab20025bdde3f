"""Which labeled volumes make up the batch of a step. Stateless: a batch follows from the seed and the step's number."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.training.counter_random import generator_at
from tomosift_worker.training.data_parallel import process_count, process_number

_CLASS_ORDER, _WITHIN_CLASS, _EPOCH = 1, 2, 3


class BatchPlan:
    """Batches over labeled volumes: class-balanced, or plain shuffled epochs.

    Balanced: slot after slot, each run of K slots holds every class present once, in random order; within a class, its
    volumes come in shuffled rounds, so that all are used equally often.
    """

    def __init__(
        self, labels: NDArray[np.int64], batch_size: int, balance: Literal["classes", "none"], seed: int
    ) -> None:
        if labels.ndim != 1 or labels.size == 0:
            raise ValueError("a batch plan needs at least one label")
        self._batch_size, self._balance, self._seed = batch_size, balance, seed
        self._first, self._every = process_number(), process_count()
        self._classes = np.unique(labels)
        self._members = [np.flatnonzero(labels == label) for label in self._classes]
        self._count = labels.size
        # The order that was drawn last for each purpose, only to spare drawing it again for the next slot.
        self._drawn: dict[tuple[int, ...], tuple[int, NDArray[np.int64]]] = {}

    def indices(self, step: int) -> NDArray[np.int64]:
        """The positions, in the labeled set, of the volumes of this step (from 0): `(batch_size,)`.

        Where several processes share the batch, those of this one's share.
        """
        slots = range(step * self._batch_size + self._first, (step + 1) * self._batch_size, self._every)
        if self._balance == "none":
            return np.array([self._shuffled(slot) for slot in slots], np.int64)
        return np.array([self._balanced(slot) for slot in slots], np.int64)

    def _shuffled(self, slot: int) -> int:
        epoch, place = divmod(slot, self._count)
        return int(self._order((_EPOCH,), epoch, self._count)[place])

    def _balanced(self, slot: int) -> int:
        turn, place = divmod(slot, len(self._classes))
        which = int(self._order((_CLASS_ORDER,), turn, len(self._classes))[place])
        members = self._members[which]
        tour, position = divmod(turn, members.size)
        return int(members[self._order((_WITHIN_CLASS, which), tour, members.size)[position]])

    def _order(self, purpose: tuple[int, ...], turn: int, size: int) -> NDArray[np.int64]:
        """The random order of `size` things for a purpose and turn: a function of these and the seed alone."""
        drawn = self._drawn.get(purpose)
        if drawn is None or drawn[0] != turn:
            drawn = self._drawn[purpose] = (turn, generator_at(self._seed, *purpose, turn).permutation(size))
        return drawn[1]
