"""random: every volume is equally likely. The baseline that every other function has to beat."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings
from tomosift_worker.acquisition.tie_break import uniform_by_id


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """Uniform in [0, 1), from the cycle's seed and the item's id alone."""
    return uniform_by_id(pool.item_ids, pool.seed)


RANDOM = AcquisitionFunction(
    id="random",
    title="Random",
    description="Picks volumes at random: the honest baseline, and the right choice while there are no labels.",
    reason="Picked at random.",
    source="baseline",
    needs=frozenset(),
    score=score,
)
