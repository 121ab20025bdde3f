"""Agreement beyond chance: the formulas of Cohen and Fleiss, with 95 % intervals. Knows numbers only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
RESAMPLES = 500


@dataclass(frozen=True)
class Agreement:
    """`observed` share of equal pairs and kappa with its interval; None where it is not defined."""

    observed: float | None
    value: float | None = None
    low: float | None = None
    high: float | None = None


def cohen_kappa(table: NDArray[np.float64]) -> Agreement:
    """Kappa of two people from their table `(K, K)` of counts: the first says k, the second l.

    J. Cohen, Educational and Psychological Measurement 20, 37-46 (1960); standard error of J. L. Fleiss, J. Cohen,
    B. S. Everitt, Psychological Bulletin 72, 323-327 (1969). Not defined where both always say the same one thing.
    """
    n = table.sum()
    if n == 0:
        return Agreement(None)
    share = table / n
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    observed, expected = float(np.trace(share)), float(rows @ columns)
    if expected >= 1.0:
        return Agreement(observed)
    kappa = (observed - expected) / (1 - expected)
    weights = (columns[:, None] + rows[None, :]) * (1 - observed)
    np.fill_diagonal(weights, (1 - expected) - np.diag(weights))
    variance = float((share * weights**2).sum()) - (observed * expected - 2 * expected + observed) ** 2
    error = np.sqrt(max(0.0, variance) / n) / (1 - expected) ** 2
    return Agreement(observed, kappa, max(-1.0, kappa - Z * error), min(1.0, kappa + Z * error))


@dataclass(frozen=True)
class FleissKappas:
    """Of all values together, and of each `(K,)` against the rest."""

    overall: Agreement
    by_value: list[Agreement]


def fleiss_kappas(counts: NDArray[np.int64], times: NDArray[np.int64], seed: int = 0) -> FleissKappas:
    """Kappa of many people: `counts` `(p, K)` says how often each value was said, `times` `(p,)` of how many items.

    J. L. Fleiss, Psychological Bulletin 76, 378-382 (1971), where the number of opinions may differ between items: the
    agreement of an item is the share of its pairs of opinions that are equal, and the chance of a value its share of
    all opinions. Each item has two opinions at least. Intervals are percentiles of RESAMPLES bootstrap samples of items
    (B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
    """
    if times.sum() == 0:
        return FleissKappas(Agreement(None), [Agreement(None)] * counts.shape[1])
    random = np.random.default_rng(seed)
    drawn = random.multinomial(times.sum(), times / times.sum(), RESAMPLES)
    totals = counts.sum(axis=1)
    rest = totals[:, None] - counts
    by_value = [
        _fleiss(np.stack([counts[:, value], rest[:, value]], axis=1), times, drawn) for value in range(counts.shape[1])
    ]
    return FleissKappas(_fleiss(counts, times, drawn), by_value)


def _fleiss(counts: NDArray[np.int64], times: NDArray[np.int64], drawn: NDArray[np.int64]) -> Agreement:
    totals = counts.sum(axis=1)
    equal = ((counts**2).sum(axis=1) - totals) / (totals * (totals - 1))
    observed, kappa = _kappas(counts, equal, times[None, :])
    if np.isnan(kappa[0]):
        return Agreement(float(observed[0]))
    resampled = _kappas(counts, equal, drawn)[1]
    low, high = np.nanpercentile(resampled, (2.5, 97.5))
    return Agreement(float(observed[0]), float(kappa[0]), float(low), float(high))


def _kappas(
    counts: NDArray[np.int64], equal: NDArray[np.float64], times: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Observed agreement and kappa for each row of `times` `(B, p)`; NaN where only one value was said."""
    observed = times @ equal / times.sum(axis=1)
    said = times @ counts
    expected = ((said / said.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = np.where(expected < 1 - 1e-12, (observed - expected) / (1 - expected), np.nan)
    return observed, kappa


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, n > 0 (E. B. Wilson, Journal of the American Statistical Association 22, 1927)."""
    share, square = hits / n, Z**2 / n
    middle = (share + square / 2) / (1 + square)
    half = Z * np.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))
