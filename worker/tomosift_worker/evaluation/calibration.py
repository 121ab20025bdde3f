"""Whether a model's probabilities mean what they say: calibration error, temperature scaling (Guo et al., ICML 2017).

Fitted on one half of the evaluation sample and reported on the other, so that the report is of labels never used.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.evaluation.intervals import effective_sample_size, wilson_interval

Floats = NDArray[np.floating]

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
FEWEST_TO_FIT = 10
BINS = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """The `n` items whose confidence is from `start` to `end`: their mean `confidence`, and how many are right.

    `low`..`high` is the 95 % Wilson interval of `accuracy`; `weight` is the bin's share of all items. All are weighted.
    """

    start: float
    end: float
    n: int
    weight: float
    confidence: float
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """Temperature fitted on `n` items, with the expected calibration error of the other half before and after.

    The errors are None, and the reliability diagrams empty, where the other half is empty.
    """

    temperature: float
    n: int
    ece_before: float | None
    ece_after: float | None
    reliability_before: list[ReliabilityBin]
    reliability_after: list[ReliabilityBin]


def reliability(
    logits: Floats,
    truth: NDArray[np.int64],
    temperature: float = 1.0,
    weights: NDArray[np.float64] | None = None,
    bins: int = BINS,
) -> list[ReliabilityBin]:
    """The reliability diagram: accuracy in equal bins of confidence, those that hold items (Guo et al., section 2).

    `logits` `(n, K)`, `truth` `(n,)`; a true class number of K or more (a class the model does not know) is always an
    error. `weights` `(n,)` are inverse inclusion probabilities, up to a factor.
    """
    probabilities = np.exp(_log_softmax(logits / temperature)) if truth.size else np.empty((0, 1))
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    weight = np.ones(truth.size) if weights is None else weights
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    found = []
    for each in np.unique(bin_of).tolist():
        inside = bin_of == each
        accuracy = min(1.0, float(np.average(right[inside], weights=weight[inside])))
        low, high = wilson_interval(accuracy, effective_sample_size(weight[inside].tolist()))
        found.append(
            ReliabilityBin(
                start=each / bins,
                end=(each + 1) / bins,
                n=int(inside.sum()),
                weight=float(weight[inside].sum() / weight.sum()),
                confidence=float(np.average(confidence[inside], weights=weight[inside])),
                accuracy=accuracy,
                low=low,
                high=high,
            )
        )
    return found


def expected_calibration_error(diagram: list[ReliabilityBin]) -> float | None:
    """ECE: the mean distance of confidence and accuracy over the bins (Guo et al., eq. 3); None for no items."""
    return sum(each.weight * abs(each.accuracy - each.confidence) for each in diagram) if diagram else None


def fit_temperature(logits: Floats, truth: NDArray[np.int64], weights: NDArray[np.float64] | None = None) -> float:
    """The temperature T in 0.05..20 that makes softmax(z / T) likeliest on `logits` `(n, K)`, `truth` `(n,)`.

    `weights` `(n,)` as in `reliability`. The negative log-likelihood is convex in 1/T, so a bisection of its slope
    finds the one minimum.
    """
    if truth.size == 0:
        raise ValueError("a temperature needs at least one labeled item")
    weight = np.ones(truth.size) if weights is None else weights
    low, high = 1.0 / HIGHEST_TEMPERATURE, 1.0 / LOWEST_TEMPERATURE
    if _slope(logits, truth, weight, low) >= 0.0:
        return HIGHEST_TEMPERATURE
    if _slope(logits, truth, weight, high) <= 0.0:
        return LOWEST_TEMPERATURE
    while high - low > 1e-9 * high:
        middle = math.sqrt(low * high)
        if _slope(logits, truth, weight, middle) > 0.0:
            high = middle
        else:
            low = middle
    return 1.0 / math.sqrt(low * high)


@dataclass(frozen=True)
class Outputs:
    """A model's logits `(n, K)` for labeled items, their classes `truth` `(n,)` and inclusion `weights` `(n,)`."""

    logits: Floats
    truth: NDArray[np.int64]
    weights: NDArray[np.float64]


def calibrate(fit: Outputs, report: Outputs) -> Calibration | None:
    """Fit the temperature on one half and measure on the other; None where fewer than 10 items can be fitted on.

    Items of classes the model does not know (numbers of K or more) cannot be fitted on and are left out there.
    """
    known = fit.truth < fit.logits.shape[1]
    if known.sum() < FEWEST_TO_FIT:
        return None
    temperature = fit_temperature(fit.logits[known], fit.truth[known], fit.weights[known])
    before = reliability(report.logits, report.truth, 1.0, report.weights)
    after = reliability(report.logits, report.truth, temperature, report.weights)
    return Calibration(
        temperature=temperature,
        n=int(known.sum()),
        ece_before=expected_calibration_error(before),
        ece_after=expected_calibration_error(after),
        reliability_before=before,
        reliability_after=after,
    )


def _slope(logits: Floats, truth: NDArray[np.int64], weight: NDArray[np.float64], inverse_temperature: float) -> float:
    """Derivative of the mean negative log-likelihood with respect to 1/T: mean(E_p[z] - z_true)."""
    z = logits.astype(np.float64)
    p = np.exp(_log_softmax(z * inverse_temperature))
    return float(np.average((p * z).sum(axis=1) - z[np.arange(len(truth)), truth], weights=weight))


def _log_softmax(logits: Floats) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
