"""The pool's embeddings as strategies use them: gathered in an order that no import decides, and within memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import PickTask
from tomosift_worker.acquisition.tie_break import uniform_by_id

MOST_CONSIDERED = 200_000
CHUNK_NUMBERS = 16 * 2**20


@dataclass(frozen=True)
class Space:
    """m candidates: their places in the pool and embeddings `(m, d)` float32; embeddings of the labeled `(l, d)`."""

    places: NDArray[np.intp]
    points: NDArray[np.float32]
    labeled: NDArray[np.float32]


def candidate_space(pool: PoolOutputs, task: PickTask, *, normalised: bool = False) -> Space:
    """The eligible items in an order that follows from seed and ids; of more than 200,000 the first so many.

    Items whose outputs are no numbers, as those of a damaged volume, are left out. `normalised`: each embedding at
    length 1.
    """
    usable = np.flatnonzero(is_usable(pool))
    places = usable[task.eligible.among(usable)]
    places = places[np.argsort(uniform_by_id(pool.item_ids[places], pool.seed), kind="stable")][:MOST_CONSIDERED]
    labeled = usable[task.labeled[usable]]
    labeled = labeled[np.argsort(pool.item_ids[labeled])]
    points, known = pool.embeddings[places].astype(np.float32), pool.embeddings[labeled].astype(np.float32)
    return Space(places, _unit(points), _unit(known)) if normalised else Space(places, points, known)


def is_usable(pool: PoolOutputs) -> NDArray[np.bool_]:
    """`(n,)`: whether an item's embedding and logits are numbers."""
    broken = np.zeros(len(pool), np.bool_)
    for column in (pool.embeddings, pool.logits):
        broken[np.nonzero(~np.isfinite(column))[0]] = True
    return ~broken


def squared_distances(points: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """`(m, l)` squared Euclidean distances of `(m, d)` and `(l, d)`."""
    products = points @ others.T
    found = np.square(points).sum(axis=1)[:, None] + np.square(others).sum(axis=1) - 2.0 * products
    result: NDArray[np.float32] = np.maximum(found, 0.0).astype(np.float32)
    return result


def row_chunks(rows: int, columns: int) -> list[slice]:
    """Slices of `rows` so that a table with `columns` columns stays below 64 MiB of float32 at a time."""
    step = max(1, CHUNK_NUMBERS // max(1, columns))
    return [slice(start, start + step) for start in range(0, rows, step)]


def _unit(points: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    result: NDArray[np.float32] = points / np.maximum(lengths, np.finfo(np.float32).tiny)
    return result
