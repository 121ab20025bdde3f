"""entropy-gradnorm: how strongly a volume's entropy would pull at the weights."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction, required
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """||grad_w H(p(x; w))|| over all weights (gradnorm eq. 7), exact for each item.

    Not monotone in uncertainty: dH/dz = -p (log p + H) vanishes at uniform p, so an undecided early model ranks its
    most uncertain items last. It is no score for a cold start.
    """
    if settings.gradnorm_reduction == "per-tensor":
        return required(pool.gradnorm_per_tensor, "gradnorm_per_tensor")
    return required(pool.gradnorm_global, "gradnorm_global")


ENTROPY_GRADNORM = AcquisitionFunction(
    id="entropy-gradnorm",
    title="Entropy gradient norm",
    description="Picks the volumes whose entropy would change the network's weights most.",
    reason="Learning from this volume would change the network most.",
    source="Wang et al., AAAI 2022, eq. 7 (gradnorm)",
    needs=frozenset({"class_labels", "gradient_norms"}),
    score=score,
)
