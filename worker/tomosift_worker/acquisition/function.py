"""What an acquisition function is: one signature, and what it says of itself to users and to the service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.settings import ScoringSettings

# class_labels: a network trained on labels of at least two classes; gradient_norms: the pass over the pool also goes
# backward; previous_model: outputs of the model before, or of the initial weights in the first cycle.
Need = Literal["class_labels", "gradient_norms", "previous_model"]
Score = Callable[[PoolOutputs, ScoringSettings], NDArray[np.float64]]


@dataclass(frozen=True)
class AcquisitionFunction:
    """A score `(n,)`, higher = ask a human first, with its description.

    `description` is one sentence for the interface, `reason` one sentence shown with each item it picked.
    """

    id: str
    title: str
    description: str
    reason: str
    source: str
    needs: frozenset[Need]
    score: Score


def required(column: NDArray[np.floating] | None, name: str) -> NDArray[np.float64]:
    """A column a score needs. Raises ValueError if the pass over the pool did not make it."""
    if column is None:
        raise ValueError(f"the pass over the pool made no column {name!r}; ask for it when scoring")
    return column.astype(np.float64)
