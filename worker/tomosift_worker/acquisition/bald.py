"""bald: how much the model's answers differ from one another when parts of it are left out at random."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction, required
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """H(mean of p) - mean of H(p) over the passes: the mutual information of label and weights, in nats."""
    of_mean = required(pool.dropout_entropy, "dropout_entropy")
    return of_mean - required(pool.dropout_expected_entropy, "dropout_expected_entropy")


BALD = AcquisitionFunction(
    id="bald",
    title="BALD",
    description="Picks the volumes about which the model contradicts itself when parts of it are left out.",
    reason="With parts of it left out, the model contradicts itself about this volume.",
    source="Houlsby et al., arXiv 1112.5745; Gal, Islam and Ghahramani, ICML 2017",
    needs=frozenset({"class_labels", "dropout"}),
    score=score,
)
