"""tod-ema: how far the model's opinion is from that of the moving average of its weights (EMA) in the same training."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.cod import output_discrepancy
from tomosift_worker.acquisition.function import AcquisitionFunction, required
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """||p(x; w) - p(x; w~)||, w~ being the moving average of its weights (EMA)."""
    averaged = required(pool.averaged_logits, "averaged_logits")
    return output_discrepancy(pool.logits, averaged, probabilities=True)


TOD_EMA = AcquisitionFunction(
    id="tod-ema",
    title="Distance to the moving average",
    description="Picks the volumes about which the model changed its mind most lately in training.",
    reason="The model changed its mind most about volumes like this one lately in training.",
    source="Huang et al., ICCV 2021, section 5.4 (TOD)",
    needs=frozenset({"class_labels", "moving_average"}),
    score=score,
)
