"""egl: how strongly a volume is expected to pull at the last layer, whatever its label turns out to be."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """sum_i p_i ||grad CE_i||, the gradient with respect to weights and offsets of the last layer, in closed form.

    grad CE_i = (p - e_i) x (h, 1), h the embedding, so its norm is sqrt(|p|² - 2 p_i + 1) · sqrt(|h|² + 1).
    """
    p = pool.probabilities
    residual = np.sqrt(np.maximum(np.square(p).sum(axis=1, keepdims=True) - 2.0 * p + 1.0, 0.0))
    embedding = np.sqrt(np.square(pool.embeddings.astype(np.float64)).sum(axis=1) + 1.0)
    result: NDArray[np.float64] = (p * residual).sum(axis=1) * embedding
    return result


EGL = AcquisitionFunction(
    id="egl",
    title="Expected gradient length",
    description="Picks the volumes whose label, whatever it is, is expected to change the last layer most.",
    reason="Its label is expected to change the model's last layer most.",
    source="Settles, Craven and Ray, NIPS 2007; last layer only",
    needs=frozenset({"class_labels", "embeddings"}),
    score=score,
)
