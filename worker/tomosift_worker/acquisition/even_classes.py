"""even-classes: volumes that likely belong to classes with few labels, as many of each as bring them level."""

import numpy as np

from tomosift_worker.acquisition.embedding_space import candidate_space
from tomosift_worker.acquisition.expected_labels import ExpectedLabels
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import Picks, PickTask
from tomosift_worker.acquisition.settings import ScoringSettings

REASON = "It may well be of a class with few labels."


def select(pool: PoolOutputs, settings: ScoringSettings, task: PickTask) -> Picks:
    """Greedy on sum_k log(1 + n_k), n_k the labels that class k is expected to have.

    n_k grows by p_k with each pick, so that a batch spreads over the classes that lack labels. The value of a pick is
    sum_k p_k / (1 + n_k). m·K multiplications a pick.
    """
    places, picks = candidate_space(pool, task).places, Picks()
    expected = ExpectedLabels(pool, task, places)
    while len(picks) < task.wanted:
        now = task.eligible.among(places)
        if not now.any():
            if not task.eligible.grow_shares(places):
                break
            continue
        worth = np.where(now, expected.lack(), -1.0)
        best = int(np.argmax(worth))
        picks.add(places[best], worth[best], REASON)
        task.eligible.take(int(places[best]))
        expected.take(best)
    return picks


EVEN_CLASSES = AcquisitionFunction(
    id="even-classes",
    title="Even classes",
    description="Picks volumes that likely belong to classes with few labels, so that each class gets its share.",
    reason=REASON,
    source="greedy on a concave function of expected class counts, in the manner of Wei, Iyer and Bilmes, ICML 2015",
    needs=frozenset({"class_labels", "embeddings"}),
    select=select,
)
