"""Numbers that look random but follow from a seed and an item's id: for random picks and for settling ties."""

import numpy as np
from numpy.typing import NDArray


def uniform_by_id(item_ids: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """`(n,)` numbers in [0, 1), each a function of `seed` and its id, whatever else is in the pool.

    The finaliser of splitmix64 (Steele, Lea and Flood, OOPSLA 2014), applied to id and seed.
    """
    with np.errstate(over="ignore"):
        state = _mix(item_ids.astype(np.uint64) + _mix(np.full(1, seed % 2**64, np.uint64)))
    return (state >> np.uint64(11)).astype(np.float64) / 2.0**53


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = state + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[np.uint64] = state ^ (state >> np.uint64(31))
    return mixed
