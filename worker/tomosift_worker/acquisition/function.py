"""What an acquisition function is: one signature, and what it says of itself to users and to the service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import Picks, PickTask
from tomosift_worker.acquisition.settings import ScoringSettings

# class_labels: a network trained on labels of at least two classes (what needs none also picks before any label);
# embeddings: a place of each item in a space where look-alikes are close; gradient_norms: the pass over the pool also
# goes backward; previous_model: outputs of the model before, or of the initial weights in the first cycle; dropout,
# loss_module: a network trained with these; moving_average, mean_weights: that average of its weights in training.
Need = Literal[
    "class_labels",
    "embeddings",
    "gradient_norms",
    "previous_model",
    "dropout",
    "loss_module",
    "moving_average",
    "mean_weights",
]
Score = Callable[[PoolOutputs, ScoringSettings], NDArray[np.float64]]
Select = Callable[[PoolOutputs, ScoringSettings, PickTask], Picks]


@dataclass(frozen=True)
class AcquisitionFunction:
    """A score or a strategy, with its description.

    A score gives `(n,)` numbers, higher = ask a human first, and the highest are picked. A strategy looks at the whole
    batch: it picks by itself. `description` is one sentence for the interface, `reason` one sentence shown with each
    item it picked.
    """

    id: str
    title: str
    description: str
    reason: str
    source: str
    needs: frozenset[Need]
    score: Score | None = None
    select: Select | None = None

    def __post_init__(self) -> None:
        if (self.score is None) == (self.select is None):
            raise ValueError(f"{self.id} must have a score or a strategy, and not both")


def required(column: NDArray[np.floating] | None, name: str) -> NDArray[np.float64]:
    """A column a score needs. Raises ValueError if the pass over the pool did not make it."""
    if column is None:
        raise ValueError(f"the pass over the pool made no column {name!r}; ask for it when scoring")
    return column.astype(np.float64)
