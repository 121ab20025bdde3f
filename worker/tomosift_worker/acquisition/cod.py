"""cod: how much the model's opinion of a volume changed since the cycle before."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction, required
from tomosift_worker.acquisition.outputs import Floats, PoolOutputs, softmax
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """||f(x; w_c) - f(x; w_(c-1))|| (TOD eq. 5); f is the softmax output, as in the release, or the logits."""
    reference = required(pool.reference_logits, "reference_logits")
    return output_discrepancy(pool.logits, reference, probabilities=settings.cod_output == "probabilities")


def output_discrepancy(logits: Floats, reference: Floats, *, probabilities: bool) -> NDArray[np.float64]:
    """L2 distance `(n,)` of two models' outputs `(n, K)`, compared as probabilities or as logits."""
    now, before = (softmax(logits), softmax(reference)) if probabilities else (logits, reference)
    result: NDArray[np.float64] = np.sqrt(np.square(now.astype(np.float64) - before).sum(axis=1))
    return result


COD = AcquisitionFunction(
    id="cod",
    title="Cyclic output discrepancy",
    description="Picks the volumes about which the model changed its mind most since the previous cycle.",
    reason="The model changed its mind most about volumes like this one.",
    source="Huang et al., ICCV 2021, eq. 5 (TOD)",
    needs=frozenset({"class_labels", "previous_model"}),
    score=score,
)
