"""ll4al: the loss that a side module, trained beside the network, expects of a volume."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction, required
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """The predicted loss: only its order means something."""
    return required(pool.predicted_loss, "predicted_loss")


LL4AL = AcquisitionFunction(
    id="ll4al",
    title="Learned loss",
    description="Picks the volumes that a side module, trained to foresee mistakes, expects the network to get wrong.",
    reason="The model is expected to be wrong about volumes like this one.",
    source="Yoo and Kweon, CVPR 2019",
    needs=frozenset({"class_labels", "loss_module"}),
    score=score,
)
