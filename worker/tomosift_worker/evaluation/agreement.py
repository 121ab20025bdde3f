"""How far two models agree about the same items."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Agreement:
    """Two models' classes of `n` items: the share whose class `changed`, and Cohen's kappa (None where undefined)."""

    n: int
    changed: float
    kappa: float | None


def model_agreement(before: NDArray[np.int64], now: NDArray[np.int64]) -> Agreement | None:
    """Compare class numbers `before` and `now` `(n,)`, of one numbering; None for no items.

    kappa = (o - e) / (1 - e) with o the share that agrees and e the share that would by chance, from how often each
    model names each class (Cohen, Educational and Psychological Measurement 1960). It is undefined where both call
    everything one class.
    """
    if before.shape != now.shape:
        raise ValueError(f"{before.size} classes before but {now.size} now")
    if now.size == 0:
        return None
    size = int(max(before.max(), now.max())) + 1
    observed = float((before == now).mean())
    shares = [np.bincount(each, minlength=size) / now.size for each in (before, now)]
    by_chance = float(shares[0] @ shares[1])
    kappa = None if by_chance >= 1.0 else (observed - by_chance) / (1.0 - by_chance)
    return Agreement(int(now.size), 1.0 - observed, kappa)
