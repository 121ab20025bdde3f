"""rare-badge: as badge, and of two volumes that would pull as hard sooner the one of a class with few labels."""

from tomosift_worker.acquisition.badge import spread_by_gradients
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import Picks, PickTask
from tomosift_worker.acquisition.settings import ScoringSettings

REASON = "It would teach the network much, is unlike the other picks, and may be of a class with few labels."


def select(pool: PoolOutputs, settings: ScoringSettings, task: PickTask) -> Picks:
    """badge's seeding with each squared distance, and at first each squared length, times sum_k p_k / (1 + n_k).

    n_k are the labels that class k is expected to have, picks included (`expected_labels`). The value of a pick is the
    distance alone. m·K multiplications a pick more than badge.
    """
    return spread_by_gradients(pool, task, REASON, leans_to_rare=True)


RARE_BADGE = AcquisitionFunction(
    id="rare-badge",
    title="BADGE, rare classes first",
    description="Picks like BADGE, and sooner what may be of a class with few labels.",
    reason=REASON,
    source="Ash et al., ICLR 2020, with weights in the manner of Wei, Iyer and Bilmes, ICML 2015",
    needs=frozenset({"class_labels", "embeddings"}),
    select=select,
)
