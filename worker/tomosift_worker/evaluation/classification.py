"""How good a model's classes are: accuracy, balanced accuracy, precision, recall and F1 of each class, confusion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.evaluation.intervals import effective_sample_size, exact_interval, wilson_interval

Interval = tuple[float, float]


@dataclass(frozen=True)
class ClassQuality:
    """One class: `n` items truly of it, `predicted` called so; None where there is nothing to divide by.

    `recall`: share of its items found. `precision`: share of what was called so that is it. `f1`: their harmonic mean.
    Each with its exact 95 % interval `(low, high)`.
    """

    name: str
    n: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    precision_interval: Interval | None
    recall_interval: Interval | None
    f1_interval: Interval | None


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
    per_class = [_class_quality(name, number, truth, predicted, weight) for number, name in enumerate(names)]
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


def _class_quality(
    name: str, number: int, truth: NDArray[np.int64], predicted: NDArray[np.int64], weight: NDArray[np.float64]
) -> ClassQuality:
    is_it, is_called = truth == number, predicted == number
    precision, precision_interval = _share(is_it, is_called, weight)
    recall, recall_interval = _share(is_called, is_it, weight)
    # F1 = 2J / (1 + J) with J = |both| / |either|; J is a plain proportion, so its interval gives that of F1.
    overlap, overlap_interval = _share(is_it & is_called, is_it | is_called, weight)
    return ClassQuality(
        name=name,
        n=int(is_it.sum()),
        predicted=int(is_called.sum()),
        precision=precision,
        recall=recall,
        f1=None if overlap is None else _f1(overlap),
        precision_interval=precision_interval,
        recall_interval=recall_interval,
        f1_interval=None if overlap_interval is None else (_f1(overlap_interval[0]), _f1(overlap_interval[1])),
    )


def _share(
    part: NDArray[np.bool_], whole: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[float | None, Interval | None]:
    """The weighted share of `whole` that is in `part`, with its interval; None where `whole` is empty."""
    if not whole.any():
        return None, None
    share = min(1.0, float(weight[whole & part].sum() / weight[whole].sum()))
    return share, exact_interval(share, effective_sample_size(weight[whole].tolist()))


def _f1(overlap: float) -> float:
    return 2.0 * overlap / (1.0 + overlap)
