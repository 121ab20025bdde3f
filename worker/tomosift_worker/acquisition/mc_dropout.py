"""mc-dropout: how undecided the model is when parts of it are left out at random."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction, required
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """H(mean of p over the passes), in nats."""
    return required(pool.dropout_entropy, "dropout_entropy")


MC_DROPOUT = AcquisitionFunction(
    id="mc-dropout",
    title="MC dropout",
    description="Picks the volumes over whose class the model is most undecided when parts of it are left out.",
    reason="With parts of it left out, the model is most undecided about volumes like this one.",
    source="Gal and Ghahramani, ICML 2016",
    needs=frozenset({"class_labels", "dropout"}),
    score=score,
)
