"""Confidence intervals of proportions."""

import math

from scipy.special import betaincinv

Z_95 = 1.959963984540054


def wilson_interval(share: float, n: float, z: float = Z_95) -> tuple[float, float]:
    """The Wilson score interval of a proportion `share` seen in `n` trials (Wilson, JASA 1927), 95 % by default.

    `n` may be an effective sample size, so it need not be whole. Raises ValueError for n <= 0 or a share outside 0..1.
    """
    if n <= 0 or not 0.0 <= share <= 1.0:
        raise ValueError(f"no interval for a share of {share} in {n} trials")
    denominator = 1.0 + z**2 / n
    centre = (share + z**2 / (2.0 * n)) / denominator
    half = z * math.sqrt(share * (1.0 - share) / n + z**2 / (4.0 * n**2)) / denominator
    # At a share of 0 or 1 the bound is exact; rounding must not carry it past.
    return (0.0 if share == 0.0 else max(0.0, centre - half), 1.0 if share == 1.0 else min(1.0, centre + half))


def exact_interval(share: float, n: float) -> tuple[float, float]:
    """The 95 % interval of Clopper and Pearson (Biometrika 1934) of a proportion `share` seen in `n` trials.

    Never too narrow, which is why classes, with their few items, have it. `n` may be an effective sample size (Korn and
    Graubard, Survey Methodology 1998). Raises ValueError for n <= 0 or a share outside 0..1.
    """
    if n <= 0 or not 0.0 <= share <= 1.0:
        raise ValueError(f"no interval for a share of {share} in {n} trials")
    hits = share * n
    low = 0.0 if share == 0.0 else float(betaincinv(hits, n - hits + 1.0, 0.025))
    high = 1.0 if share == 1.0 else float(betaincinv(hits + 1.0, n - hits, 0.975))
    return low, high


def effective_sample_size(weights: "list[float]") -> float:
    """Kish's effective size of a weighted sample: (sum w)^2 / sum w^2; the plain count when all weights are equal."""
    return sum(weights) ** 2 / sum(weight**2 for weight in weights) if weights else 0.0
