"""Whether a model's probabilities mean what they say: calibration error, temperature scaling (Guo et al., ICML 2017).

Fitted on one half of the evaluation sample and reported on the other, so that the report is of labels never used.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
FEWEST_TO_FIT = 10
BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Temperature fitted on `n` items, with the expected calibration error of the other half before and after.

    The errors are None where the other half is empty.
    """

    temperature: float
    n: int
    ece_before: float | None
    ece_after: float | None


def expected_calibration_error(
    logits: Floats, truth: NDArray[np.int64], temperature: float = 1.0, bins: int = BINS
) -> float | None:
    """ECE: the mean distance of confidence and accuracy over `bins` equal bins of confidence (Guo et al., eq. 3).

    `logits` `(n, K)`, `truth` `(n,)`; a true class number of K or more (a class the model does not know) is always an
    error. None for an empty sample.
    """
    if truth.size == 0:
        return None
    probabilities = np.exp(_log_softmax(logits / temperature))
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for each in range(bins):
        inside = bin_of == each
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


def fit_temperature(logits: Floats, truth: NDArray[np.int64]) -> float:
    """The temperature T in 0.05..20 that makes softmax(z / T) likeliest on `logits` `(n, K)`, `truth` `(n,)`.

    The negative log-likelihood is convex in 1/T, so a bisection of its slope finds the one minimum.
    """
    if truth.size == 0:
        raise ValueError("a temperature needs at least one labeled item")
    low, high = 1.0 / HIGHEST_TEMPERATURE, 1.0 / LOWEST_TEMPERATURE
    if _slope(logits, truth, low) >= 0.0:
        return HIGHEST_TEMPERATURE
    if _slope(logits, truth, high) <= 0.0:
        return LOWEST_TEMPERATURE
    while high - low > 1e-9 * high:
        middle = math.sqrt(low * high)
        if _slope(logits, truth, middle) > 0.0:
            high = middle
        else:
            low = middle
    return 1.0 / math.sqrt(low * high)


def calibrate(
    fit_logits: Floats,
    fit_truth: NDArray[np.int64],
    report_logits: Floats,
    report_truth: NDArray[np.int64],
) -> Calibration | None:
    """Fit the temperature on one half and measure on the other; None where fewer than 10 items can be fitted on.

    Items of classes the model does not know (numbers of K or more) cannot be fitted on and are left out there.
    """
    known = fit_truth < fit_logits.shape[1]
    if known.sum() < FEWEST_TO_FIT:
        return None
    temperature = fit_temperature(fit_logits[known], fit_truth[known])
    return Calibration(
        temperature=temperature,
        n=int(known.sum()),
        ece_before=expected_calibration_error(report_logits, report_truth),
        ece_after=expected_calibration_error(report_logits, report_truth, temperature),
    )


def _slope(logits: Floats, truth: NDArray[np.int64], inverse_temperature: float) -> float:
    """Derivative of the mean negative log-likelihood with respect to 1/T: mean(E_p[z] - z_true)."""
    z = logits.astype(np.float64)
    p = np.exp(_log_softmax(z * inverse_temperature))
    return float(((p * z).sum(axis=1) - z[np.arange(len(truth)), truth]).mean())


def _log_softmax(logits: Floats) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
