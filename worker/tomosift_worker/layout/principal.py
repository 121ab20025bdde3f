"""Principal components of standardised embeddings, read block by block: a million rows stay where they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROWS_AT_A_TIME = 16_384
Points = NDArray[np.floating]


@dataclass(frozen=True)
class Projection:
    """Subtract `mean` `(d,)`, divide by `deviation` `(d,)`, multiply with the `axes` `(d, k)`."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    axes: NDArray[np.float64]

    def apply(self, points: Points) -> NDArray[np.float32]:
        """`(n, d)` to `(n, k)`."""
        result = np.empty((len(points), self.axes.shape[1]), np.float32)
        for rows, part in blocks(points):
            result[rows] = ((part - self.mean) / self.deviation) @ self.axes
        return result


def principal_projection(points: Points, count: int) -> Projection:
    """The `count` directions in which standardised embeddings `(n, d)` differ most; all must be numbers.

    A direction's sign is that which makes its largest entry positive, so that equal embeddings give equal maps. Where d
    is below `count`, the last ones are zero.
    """
    size = points.shape[1]
    total, products = np.zeros(size), np.zeros((size, size))
    for _, part in blocks(points):
        total += part.sum(axis=0)
        products += part.T @ part
    mean = total / max(len(points), 1)
    covariance = products / max(len(points), 1) - np.outer(mean, mean)
    variance = np.maximum(np.diag(covariance), 0.0)
    # A number that is the same everywhere says nothing; rounding makes it differ by this much.
    deviation = np.where(variance > 1e-12 * np.maximum(1.0, np.square(mean)), np.sqrt(variance), 1.0)
    _, vectors = np.linalg.eigh(covariance / np.outer(deviation, deviation))
    axes = vectors[:, ::-1][:, :count]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return Projection(mean, deviation, np.pad(axes, ((0, 0), (0, count - axes.shape[1]))))


def blocks(points: Points) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Rows of `(n, d)` in double precision, some at a time, with where they are."""
    for start in range(0, len(points), ROWS_AT_A_TIME):
        rows = slice(start, start + ROWS_AT_A_TIME)
        yield rows, points[rows].astype(np.float64)
