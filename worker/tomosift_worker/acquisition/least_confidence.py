"""least-confidence: how unlikely even the most likely class is."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """1 - max_i p_i."""
    result: NDArray[np.float64] = 1.0 - pool.probabilities.max(axis=1)
    return result


LEAST_CONFIDENCE = AcquisitionFunction(
    id="least-confidence",
    title="Least confidence",
    description="Picks the volumes whose best guess the model trusts least.",
    reason="The model's best guess is least certain here.",
    source="Lewis and Gale, SIGIR 1994",
    needs=frozenset({"class_labels"}),
    score=score,
)
