"""What fraction of an exported class is expected to be right, measured on the random evaluation sample.

Only the half of the sample that reports is used, as everywhere: its labels were given blind, and the network and its
calibration never saw them.
"""

import numpy as np
from numpy.typing import NDArray

from tomosift.exports.outcome import MODEL, Outcome
from tomosift.exports.pool_facts import NOTHING, UNSURE, PoolFacts
from tomosift.exports.predictions import Predictions
from tomosift.exports.schemas import ExportFilters, Precision, Rechecked

FEWEST_TO_RELY_ON = 20


class PrecisionMeasure:
    """The labeled reporting half of the evaluation sample, with the model's predictions for it."""

    def __init__(self, facts: PoolFacts, predictions: Predictions) -> None:
        items = {each: item for each, item in facts.evaluation.items() if item.reports}
        places = facts.places_of(np.fromiter(items, np.int64, len(items)))
        weights = np.fromiter((item.weight for item in items.values()), np.float64, len(items))
        labels = facts.labels[places]
        usable = (places >= 0) & (labels != NOTHING) & (labels != UNSURE) & (predictions.codes[places] != NOTHING)
        self._weights = weights[usable]
        self._right = labels[usable] == predictions.codes[places[usable]]
        self._predicted = predictions.codes[places[usable]]
        self._confidence = predictions.confidence[places[usable]]
        self._unlike = predictions.unlike[places[usable]]

    def of(self, codes: NDArray[np.int16] | list[int], filters: ExportFilters) -> Precision:
        """How often a prediction of one of these classes that passes the filters of predictions is right."""
        chosen = np.isin(self._predicted, codes)
        if filters.min_confidence is not None:
            chosen &= self._confidence >= np.float32(filters.min_confidence)
        if filters.max_unlike is not None:
            chosen &= self._unlike <= np.float32(filters.max_unlike)
        if filters.min_unlike is not None:
            chosen &= self._unlike >= np.float32(filters.min_unlike)
        return estimate(self._right[chosen], self._weights[chosen])


def estimate(right: NDArray[np.bool_], weights: NDArray[np.float64]) -> Precision:
    """The weighted share with its 95 % interval of Clopper and Pearson (Biometrika 1934).

    Under unequal weights n is Kish's effective size (Σw)² / Σw² (Korn and Graubard, Survey Methodology 1998).
    """
    from scipy.special import betaincinv  # an eighth of a second, which the start of the service does not need

    n = len(right)
    if n == 0:
        return Precision(n=0, share=None, low=None, high=None, note="No evaluation item with a label is like these.")
    share = float(weights[right].sum() / weights.sum())
    size = float(weights.sum() ** 2 / (weights**2).sum())
    hits = share * size
    low = 0.0 if share == 0.0 else float(betaincinv(hits, size - hits + 1.0, 0.025))
    high = 1.0 if share == 1.0 else float(betaincinv(hits + 1.0, size - hits, 0.975))
    few = f"Only {n} evaluation items are like these: too few to rely on." if n < FEWEST_TO_RELY_ON else None
    return Precision(n=n, share=share, low=low, high=high, note=few)


def rechecked(facts: PoolFacts, chosen: NDArray[np.bool_], outcome: Outcome) -> Rechecked | None:
    """Of the chosen particles that people decided and looked at more than once: how many opinions are unanimous."""
    several = chosen & (outcome.decided_by != MODEL) & (outcome.decided_by != 0) & (facts.opinion_counts > 1)
    count = int(several.sum())
    return Rechecked(agree=int((facts.agreement[several] == 1.0).sum()), of=count) if count else None
