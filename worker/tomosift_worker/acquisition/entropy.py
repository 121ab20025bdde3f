"""entropy: how undecided the model is over all classes."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs, log_softmax
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """H(p) = -sum_i p_i log p_i, in nats."""
    return entropy(pool.logits)


def entropy(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Entropy `(n,)`, in nats, of the softmax of `(n, K)` logits."""
    log_p = log_softmax(logits)
    result: NDArray[np.float64] = -(np.exp(log_p) * log_p).sum(axis=1)
    return result


ENTROPY = AcquisitionFunction(
    id="entropy",
    title="Entropy",
    description="Picks the volumes over whose class the model is most undecided.",
    reason="The model is most undecided about volumes like this one.",
    source="Shannon 1948; Settles 2009, section 3.1",
    needs=frozenset({"class_labels"}),
    score=score,
)
