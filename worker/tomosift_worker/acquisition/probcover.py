"""probcover: volumes whose neighbourhoods cover as much of the pool as possible, for the first labels."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.clusters import k_means
from tomosift_worker.acquisition.embedding_space import candidate_space, row_chunks, squared_distances
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import Picks, PickTask
from tomosift_worker.acquisition.settings import ScoringSettings

PURITY = 0.95
MOST_POINTS = 20_000
POINTS_FOR_RADIUS = 5000
REASON = "It stands for many volumes like it that no label stands for yet."


def select(pool: PoolOutputs, settings: ScoringSettings, task: PickTask) -> Picks:
    """Greedy maximum coverage by balls of one radius around the picks, on embeddings of length 1.

    What lies within the radius of a labeled item is covered from the start. The value of a pick is how many items it
    newly covers. Of more than 20,000 items so many are considered, drawn by seed and id.
    """
    space = candidate_space(pool, task, normalised=True)
    points, places, picks = space.points[:MOST_POINTS], space.places[:MOST_POINTS], Picks()
    radius = settings.probcover_radius or pure_radius(points[:POINTS_FOR_RADIUS], settings.probcover_classes, pool.seed)
    uncovered = np.ones(len(points), np.bool_)
    for chunk in row_chunks(len(points), len(space.labeled)):
        uncovered[chunk] = ~(squared_distances(points[chunk], space.labeled) <= radius**2).any(axis=1)
    gain = _within(points, points[uncovered], radius)
    while len(picks) < task.wanted:
        now = task.eligible.among(places)
        if not now.any():
            if not task.eligible.grow_shares(places):
                break
            continue
        best = int(np.argmax(np.where(now, gain, -1)))
        picks.add(places[best], gain[best], REASON)
        task.eligible.take(int(places[best]))
        newly = uncovered & (squared_distances(points[best : best + 1], points)[0] <= radius**2)
        gain -= _within(points, points[newly], radius)
        uncovered &= ~newly
    return picks


def pure_radius(points: NDArray[np.float32], classes: int, seed: int) -> float:
    """The largest radius at which 95 % of the balls around points hold points of one k-means cluster only.

    A ball is pure while its radius is below the distance to the nearest point of another cluster, so it is the 5 %
    quantile of these distances. `classes` is the number of clusters, as the paper takes the number of classes.
    """
    cluster = k_means(points, classes, seed)
    to_others = []
    for chunk in row_chunks(len(points), len(points)):
        distances = squared_distances(points[chunk], points)
        distances[cluster[chunk, None] == cluster] = np.inf
        to_others.append(np.sqrt(distances.min(axis=1)))
    found = float(np.quantile(np.concatenate(to_others), 1.0 - PURITY, method="lower"))
    # All in one cluster: no ball is ever impure, and one pick covers everything.
    return found if np.isfinite(found) else 2.0


def _within(points: NDArray[np.float32], others: NDArray[np.float32], radius: float) -> NDArray[np.int64]:
    """`(m,)`: how many of `others` lie within the radius of each of the m points."""
    counts = np.zeros(len(points), np.int64)
    if len(others):
        for chunk in row_chunks(len(points), len(others)):
            counts[chunk] = (squared_distances(points[chunk], others) <= radius**2).sum(axis=1)
    return counts


PROBCOVER = AcquisitionFunction(
    id="probcover",
    title="ProbCover",
    description="Picks volumes that stand for as many unlabeled ones as possible: a start where little is labeled.",
    reason=REASON,
    source="Yehuda et al., NeurIPS 2022",
    needs=frozenset({"embeddings"}),
    select=select,
)
