"""typiclust: the most typical volume of each group of look-alikes, for the first labels."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.clusters import k_means
from tomosift_worker.acquisition.embedding_space import candidate_space, row_chunks, squared_distances
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import Picks, PickTask
from tomosift_worker.acquisition.settings import ScoringSettings

MOST_CLUSTERS = 500
NEIGHBOURS = 20
SMALLEST_CLUSTER = 5
LARGEST_CLUSTER = 5000
REASON = "It is typical of a group of look-alikes of which little or nothing is labeled."


def select(pool: PoolOutputs, settings: ScoringSettings, task: PickTask) -> Picks:
    """TPC_RP: k-means into as many clusters as there are labels and picks, and in turn the most typical of each.

    On embeddings of length 1. Clusters without a label come first, the largest before; those of five items or fewer
    only when the others are used up. The value of a pick is its typicality. Of a cluster of more than 5,000 items so
    many are considered, drawn by seed and id.
    """
    space = candidate_space(pool, task, normalised=True)
    both = np.concatenate([space.points, space.labeled])
    cluster_of = k_means(both, min(len(space.labeled) + task.batch, MOST_CLUSTERS), pool.seed)
    of_candidates, of_labeled = cluster_of[: len(space.points)], cluster_of[len(space.points) :]
    values = np.zeros(len(space.points))
    members: list[list[NDArray[np.intp]]] = []
    for clusters in _in_order(of_candidates, of_labeled):
        members.append([])
        for cluster in clusters:
            each = np.flatnonzero(of_candidates == cluster)[:LARGEST_CLUSTER]
            values[each] = typicality(space.points[each])
            members[-1].append(each[np.argsort(-values[each], kind="stable")])
    considered = np.concatenate([np.empty(0, np.intp), *members[0], *members[1]])
    picks = Picks()
    while len(picks) < task.wanted:
        for group in members:
            _in_turns(group, space.places, values, task, picks)
        if len(picks) < task.wanted and not task.eligible.grow_shares(space.places[considered]):
            break
    return picks


def typicality(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """`(m,)`: one over the mean distance to the nearest neighbours, 20 or half of the points where there are fewer."""
    neighbours = min(NEIGHBOURS, len(points) // 2)
    if neighbours == 0:
        return np.zeros(len(points))
    found = []
    for chunk in row_chunks(len(points), len(points)):
        distances = squared_distances(points[chunk], points)
        # One more than asked: the nearest is the point itself.
        nearest = np.sort(np.partition(distances, neighbours, axis=1)[:, : neighbours + 1], axis=1)[:, 1:]
        found.append(1.0 / np.maximum(np.sqrt(nearest.astype(np.float64)).mean(axis=1), 1e-12))
    return np.concatenate(found)


def _in_order(of_candidates: NDArray[np.int64], of_labeled: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Clusters with a candidate, by the labels they have and then the largest first: those large enough, the others."""
    clusters, sizes = np.unique(of_candidates, return_counts=True)
    labels = np.array([(of_labeled == cluster).sum() for cluster in clusters], np.int64)
    order = np.lexsort((-sizes, labels))
    is_small = (sizes + labels <= SMALLEST_CLUSTER)[order]
    return [clusters[order][~is_small], clusters[order][is_small]]


def _in_turns(
    members: list[NDArray[np.intp]],
    places: NDArray[np.intp],
    values: NDArray[np.float64],
    task: PickTask,
    picks: Picks,
) -> None:
    """One pick of each cluster, and again, until there are as many as wanted or nothing is eligible."""
    before = -1
    while before < len(picks) < task.wanted:
        before = len(picks)
        for each in members:
            now = task.eligible.among(places[each])
            if len(picks) < task.wanted and now.any():
                best = int(each[np.argmax(now)])
                picks.add(places[best], values[best], REASON)
                task.eligible.take(int(places[best]))


TYPICLUST = AcquisitionFunction(
    id="typiclust",
    title="TypiClust",
    description="Picks the most typical volume of each group of look-alikes: a good start where little is labeled.",
    reason=REASON,
    source="Hacohen, Dekel and Weinshall, ICML 2022 (TPC_RP)",
    needs=frozenset({"embeddings"}),
    select=select,
)
