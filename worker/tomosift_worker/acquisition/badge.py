"""badge: volumes that would pull hard at the last layer, each in another direction."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.embedding_space import candidate_space
from tomosift_worker.acquisition.expected_labels import ExpectedLabels
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs, softmax
from tomosift_worker.acquisition.picks import Picks, PickTask
from tomosift_worker.acquisition.settings import ScoringSettings
from tomosift_worker.acquisition.tie_break import uniform_by_id

REASON = "It would teach the network much and is unlike the other picks."


def select(pool: PoolOutputs, settings: ScoringSettings, task: PickTask) -> Picks:
    """k-means++ seeding on the gradient embeddings g = (p - e_y) x h, y the most likely class, h the embedding.

    The first pick has the longest g, as in the authors' release; each next one is drawn with a probability
    proportional to its squared distance to the nearest pick (the value of a pick). g has K·d numbers and is never made:
    g_i · g_j = (a_i · a_j)(h_i · h_j) with a = p - e_y. m·(K + d) multiplications a pick.
    """
    return spread_by_gradients(pool, task, REASON)


def spread_by_gradients(pool: PoolOutputs, task: PickTask, reason: str, *, leans_to_rare: bool = False) -> Picks:
    """The seeding, each squared distance as it is or, to lean to rare classes, times `ExpectedLabels.lack`."""
    space = candidate_space(pool, task)
    h, a = space.points, residuals(pool.logits[space.places])
    ids, picks = pool.item_ids[space.places], Picks()
    expected = ExpectedLabels(pool, task, space.places) if leans_to_rare else None
    lengths = np.square(a).sum(axis=1) * np.square(h).sum(axis=1)
    nearest = lengths.copy()
    while len(picks) < task.wanted:
        now = task.eligible.among(space.places)
        if not now.any():
            if not task.eligible.grow_shares(space.places):
                break
            continue
        weights = 1.0 if expected is None else expected.lack()
        # The largest of D²/E, E exponential, falls on i with a probability proportional to D²_i.
        waiting = 1.0 if not picks.places else -np.log1p(-uniform_by_id(ids, pool.seed + len(picks)))
        best = int(np.argmax(np.where(now, weights * nearest / waiting, -1.0)))
        picks.add(space.places[best], np.sqrt(nearest[best]), reason)
        task.eligible.take(int(space.places[best]))
        if expected is not None:
            expected.take(best)
        to_best = lengths + lengths[best] - 2.0 * (a @ a[best]) * (h @ h[best])
        nearest = np.minimum(nearest, np.maximum(to_best, 0.0)) if len(picks) > 1 else np.maximum(to_best, 0.0)
    return picks


def residuals(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """p - e_y `(n, K)`, y the most likely class: the gradient of the loss at label y with respect to the logits."""
    found = softmax(logits)
    found[np.arange(len(found)), found.argmax(axis=1)] -= 1.0
    return found.astype(np.float32)


BADGE = AcquisitionFunction(
    id="badge",
    title="BADGE",
    description="Picks a mixture of volumes the model is unsure of and volumes unlike one another, by their gradients.",
    reason=REASON,
    source="Ash et al., ICLR 2020",
    needs=frozenset({"class_labels", "embeddings"}),
    select=select,
)
