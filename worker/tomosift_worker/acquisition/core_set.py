"""core-set: volumes that leave no part of the embedding space far from a labeled one."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.embedding_space import candidate_space, row_chunks, squared_distances
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import Picks, PickTask
from tomosift_worker.acquisition.settings import ScoringSettings

REASON = "It is unlike everything labeled so far and unlike the other picks."


def select(pool: PoolOutputs, settings: ScoringSettings, task: PickTask) -> Picks:
    """k-center greedy on the embeddings, the labeled ones as centres to start from; values are distances."""
    space = candidate_space(pool, task)
    picks = Picks()
    farthest_first(space.points, space.places, nearest_squared(space.points, space.labeled), task, picks, REASON)
    return picks


def nearest_squared(points: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """`(m,)`: squared distance of each point to the nearest centre; infinite where there is no centre."""
    if not len(centres):
        return np.full(len(points), np.inf, np.float32)
    chunks = row_chunks(len(points), len(centres))
    return np.concatenate([squared_distances(points[each], centres).min(axis=1) for each in chunks])


def farthest_first(
    points: NDArray[np.float32],
    places: NDArray[np.intp],
    nearest: NDArray[np.float32],
    task: PickTask,
    picks: Picks,
    reason: str,
) -> None:
    """Add to `picks`, again and again, the eligible point farthest from every centre, which becomes a centre.

    `points` `(m, d)` belong to the items at `places`; `nearest` `(m,)` are their squared distances to the centres there
    are, and are changed. Ends when `picks` has as many as wanted, or nothing is eligible. m·d multiplications a pick.
    """
    lengths = np.square(points).sum(axis=1)
    while len(picks) < task.wanted:
        now = task.eligible.among(places)
        if not now.any():
            if not task.eligible.grow_shares(places):
                return
            continue
        best = int(np.argmax(np.where(now, nearest, -1.0)))
        picks.add(places[best], np.sqrt(nearest[best]), reason)
        task.eligible.take(int(places[best]))
        to_best = lengths + lengths[best] - 2.0 * (points @ points[best])
        np.minimum(nearest, np.maximum(to_best, 0.0), out=nearest)


CORE_SET = AcquisitionFunction(
    id="core-set",
    title="Core-set",
    description="Picks volumes that are far, in the network's eyes, from all labeled ones and from one another.",
    reason=REASON,
    source="Sener and Savarese, ICLR 2018 (k-center greedy)",
    needs=frozenset({"embeddings"}),
    select=select,
)
