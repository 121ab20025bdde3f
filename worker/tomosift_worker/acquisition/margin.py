"""margin: how close the two most likely classes are."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings


def score(pool: PoolOutputs, settings: ScoringSettings) -> NDArray[np.float64]:
    """1 - (p_first - p_second): 1 where the two leading classes are equally likely, 0 where one is certain."""
    leading = np.sort(pool.probabilities, axis=1)[:, -2:]
    result: NDArray[np.float64] = 1.0 - (leading[:, 1] - leading[:, 0])
    return result


MARGIN = AcquisitionFunction(
    id="margin",
    title="Margin",
    description="Picks the volumes whose two most likely classes the model can hardly tell apart.",
    reason="The model hesitates between two classes here.",
    source="Scheffer, Decomain and Wrobel, IDA 2001",
    needs=frozenset({"class_labels"}),
    score=score,
)
