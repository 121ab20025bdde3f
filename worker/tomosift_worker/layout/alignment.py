"""Keeping a map as it was: the map of one cycle laid over that of the cycle before."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_IN_COMMON = 3


@dataclass(frozen=True)
class EarlierMap:
    """A map of a cycle before: `item_ids` `(n,)`, `points` `(n, 2)`, NaN where an item has no place."""

    item_ids: NDArray[np.int64]
    points: NDArray[np.float32]

    def places_of(self, item_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """`(m, 2)`: where these items were; NaN for those it does not know."""
        found = np.full((len(item_ids), 2), np.nan, np.float32)
        _, of_asked, of_known = np.intersect1d(item_ids, self.item_ids, assume_unique=True, return_indices=True)
        found[of_asked] = self.points[of_known]
        return found


def laid_over(points: NDArray[np.float32], earlier: NDArray[np.float32]) -> NDArray[np.float32]:
    """`points` `(n, 2)`, turned, mirrored and shifted to lie best over where they were; unchanged in size.

    Orthogonal Procrustes (Schönemann 1966) on the rows that are numbers in both.
    """
    common = np.isfinite(points).all(axis=1) & np.isfinite(earlier).all(axis=1)
    if common.sum() < FEWEST_IN_COMMON:
        return points
    now, before = points[common].astype(np.float64), earlier[common].astype(np.float64)
    left, _, right = np.linalg.svd((now - now.mean(axis=0)).T @ (before - before.mean(axis=0)))
    result: NDArray[np.float32] = ((points - now.mean(axis=0)) @ (left @ right) + before.mean(axis=0)).astype(
        np.float32
    )
    return result


def carried_on(start: NDArray[np.float32], earlier: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where to start from `(m, 2)`: where a point was, and for a new one where the linear map that brings `start` of
    the others closest to their earlier places puts it.
    """
    known: NDArray[np.bool_] = np.asarray(np.isfinite(earlier).all(axis=1))
    if known.sum() < FEWEST_IN_COMMON:
        return start
    affine = np.column_stack([start, np.ones(len(start))])
    solution, *_ = np.linalg.lstsq(affine[known], earlier[known].astype(np.float64), rcond=None)
    result: NDArray[np.float32] = np.where(known[:, None], earlier, affine @ solution).astype(np.float32)
    return result
