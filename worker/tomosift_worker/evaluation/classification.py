"""How good a model's classes are: accuracy, balanced accuracy, precision and recall of each class, confusion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.evaluation.intervals import effective_sample_size, wilson_interval


@dataclass(frozen=True)
class ClassQuality:
    """One class: `n` items truly of it; None where there is nothing to divide by.

    `recall`: share of its items found. `precision`: share of what was called so that is it.
    """

    name: str
    n: int
    predicted: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class Classification:
    """A model's quality on n labeled items that it never saw. `low`..`high` is the 95 % Wilson interval of `accuracy`.

    `confusion[t][p]` counts the items of class t that were called p, both in the order of `names`.
    """

    n: int
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float
    per_class: list[ClassQuality]
    names: list[str]
    confusion: list[list[int]]


def classify_quality(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    names: list[str],
    weights: NDArray[np.float64] | None = None,
) -> Classification | None:
    """The quality of class numbers `predicted` `(n,)` against `truth` `(n,)`, both numbers into `names`.

    `weights` `(n,)` are the items' inverse inclusion probabilities, up to a factor (1 in a simple random sample): all
    shares are weighted by them, counts are not. Balanced accuracy is the mean recall of the classes that occur in the
    truth. None for an empty sample.
    """
    if truth.size == 0:
        return None
    if truth.shape != predicted.shape:
        raise ValueError(f"{truth.size} true classes but {predicted.size} predictions")
    weight = np.ones(truth.size) if weights is None else weights
    counts = _table(truth, predicted, np.ones(truth.size), len(names))
    weighted = _table(truth, predicted, weight, len(names))
    accuracy = float(np.trace(weighted) / weighted.sum())
    low, high = wilson_interval(min(1.0, accuracy), effective_sample_size(weight.tolist()))
    per_class = [
        ClassQuality(
            name=name,
            n=int(counts[i].sum()),
            predicted=int(counts[:, i].sum()),
            precision=_share(weighted[i, i], weighted[:, i].sum()),
            recall=_share(weighted[i, i], weighted[i].sum()),
        )
        for i, name in enumerate(names)
    ]
    recalls = [each.recall for each in per_class if each.recall is not None]
    return Classification(
        n=int(truth.size),
        accuracy=accuracy,
        low=low,
        high=high,
        balanced_accuracy=float(np.mean(recalls)),
        per_class=per_class,
        names=names,
        confusion=counts.astype(int).tolist(),
    )


def _table(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], weight: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    table = np.zeros((size, size))
    np.add.at(table, (truth, predicted), weight)
    return table


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None
