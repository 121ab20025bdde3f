"""Who is near whom among unit vectors, and how surely: UMAP's weights (McInnes, Healy and Melville 2018, section 3)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.neighbors import NearestNeighbors

BISECTIONS = 40
SMALLEST_SCALE = 1e-3


def to_unit_length(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows `(n, k)` at length 1: their distances order them as the cosine does."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    result: NDArray[np.float32] = points / np.maximum(lengths, np.finfo(np.float32).tiny)
    return result


def nearest(points: NDArray[np.float32], count: int) -> NearestNeighbors:
    """An exact search for the `count` nearest of `(m, k)` points; `kneighbors()` leaves each point itself out."""
    return NearestNeighbors(n_neighbors=count, algorithm="brute").fit(points)


def memberships(distances: NDArray[np.floating]) -> NDArray[np.float32]:
    """Weights `(n, k)` in 0..1 of each row's neighbours at these distances `(n, k)`, ascending.

    The nearest one has 1; the scale of a row is such that its weights sum to log2(k).
    """
    gaps = (distances - distances[:, :1]).astype(np.float64)
    target = np.log2(max(gaps.shape[1], 2))
    low, high = np.zeros(len(gaps)), np.full(len(gaps), np.inf)
    scale = np.maximum(gaps.mean(axis=1), np.finfo(np.float64).tiny)
    for _ in range(BISECTIONS):
        too_wide = np.exp(-gaps / scale[:, None]).sum(axis=1) > target
        high, low = np.where(too_wide, scale, high), np.where(too_wide, low, scale)
        scale = np.where(np.isinf(high), 2.0 * low, 0.5 * (low + high))
    # Where all neighbours are equally near, no scale is small enough.
    scale = np.maximum(scale, SMALLEST_SCALE * max(float(distances.mean()), float(np.finfo(np.float32).tiny)))
    result: NDArray[np.float32] = np.exp(-gaps / scale[:, None]).astype(np.float32)
    return result


def fuzzy_graph(neighbours: NDArray[np.integer], distances: NDArray[np.floating]) -> csr_matrix:
    """`(m, m)`: for each two points the probability that at least one holds the other for a neighbour.

    `neighbours` and `distances` are `(m, k)`, a point itself not among its own.
    """
    count, each = neighbours.shape
    rows = np.repeat(np.arange(count), each)
    one_way = csr_matrix((memberships(distances).ravel(), (rows, neighbours.ravel())), (count, count))
    other_way = one_way.T.tocsr()
    return (one_way + other_way - one_way.multiply(other_way)).tocsr()
