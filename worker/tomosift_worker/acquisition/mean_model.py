"""mean-model: how far the model's opinion is from that of the uniform mean of its weights in the same training."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.cod import output_discrepancy
from tomosift_worker.acquisition.function import AcquisitionFunction, required
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """||p(x; w) - p(x; w~)||, w~ being the uniform mean of its weights."""
    averaged = required(pool.averaged_logits, "averaged_logits")
    return output_discrepancy(pool.logits, averaged, probabilities=True)


MEAN_MODEL = AcquisitionFunction(
    id="mean-model",
    title="Distance to the mean model",
    description="Picks the volumes about which the model changed its mind most in the course of training.",
    reason="The model changed its mind most about volumes like this one in the course of training.",
    source="DAL, in our definition: see the methods page",
    needs=frozenset({"class_labels", "mean_weights"}),
    score=score,
)
