"""How unlike all classes an item is, so that junk and unknown structures are not forced into a class silently.

A network's confidence does not tell: it may be surest of structures it has never seen. The distance of an embedding to
the classes' own embeddings does (Lee et al., NeurIPS 2018).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.evaluation.label_errors import folds_by_class

Floats = NDArray[np.floating]

SHRINKAGE = 0.1
FEWEST_REFERENCES = 20
ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class ClassShapes:
    """The classes as clouds of one shape in embedding space, and how far their own items lie from them.

    `whitening` `(d, d)` makes the pooled covariance round; `centres` `(K, d)` are the whitened class means;
    `reference` `(r,)` sorted distances of items of the classes that had no part in these.
    """

    whitening: NDArray[np.float64]
    centres: NDArray[np.float64]
    reference: NDArray[np.float64]

    def distances(self, embeddings: Floats) -> NDArray[np.float32]:
        """`(n,)` Mahalanobis distances of embeddings `(n, d)` to the nearest class; NaN for those not finite."""
        found = np.empty(len(embeddings), np.float32)
        for start in range(0, len(embeddings), ROWS_AT_ONCE):
            rows = np.asarray(embeddings[start : start + ROWS_AT_ONCE], np.float64)
            usable = np.asarray(np.isfinite(rows).all(axis=1))
            points = np.where(usable[:, None], rows, 0.0) @ self.whitening
            squared = np.square(points).sum(axis=1)[:, None] - 2.0 * points @ self.centres.T
            nearest = (squared + np.square(self.centres).sum(axis=1)).min(axis=1)
            found[start : start + ROWS_AT_ONCE] = np.where(usable, np.sqrt(np.maximum(nearest, 0.0)), np.nan)
        return found

    def unlikeness(self, distances: NDArray[np.float32]) -> NDArray[np.float32]:
        """`(n,)` in 0..1: at most the share 1 - unlikeness of the classes' own items lies so far out; NaN stays NaN.

        One minus the conformal p-value (Vovk et al., 2005): the r reference items that lie nearer, out of r + 1.
        """
        nearer = np.searchsorted(self.reference, distances, side="left") / (len(self.reference) + 1.0)
        return np.where(np.isnan(distances), np.nan, nearer).astype(np.float32)


def class_shapes(embeddings: Floats, labels: NDArray[np.int64], reference: Floats, seed: int = 0) -> ClassShapes | None:
    """The shapes of the classes of labeled `embeddings` `(n, d)`, with class numbers `labels` `(n,)`.

    `reference` `(r, d)` are embeddings of other items of these classes, which the network was not trained on; of fewer
    than 20 the labeled ones serve, each by its distance to shapes that a fit without its fifth gives. None without
    labeled items.
    """
    if len(labels) == 0:
        return None
    whitening, centres = _fit(embeddings, labels)
    shapes = ClassShapes(whitening, centres, np.empty(0))
    if len(reference) >= FEWEST_REFERENCES:
        distances = shapes.distances(reference)
    else:
        distances = _held_out_distances(embeddings, labels, seed)
    return ClassShapes(whitening, centres, np.sort(distances[np.isfinite(distances)]).astype(np.float64))


def _held_out_distances(embeddings: Floats, labels: NDArray[np.int64], seed: int) -> NDArray[np.float32]:
    fold = folds_by_class(labels, seed)
    found = np.full(len(labels), np.nan, np.float32)
    for each in np.unique(fold):
        inside = fold == each
        if not inside.all():
            found[inside] = ClassShapes(*_fit(embeddings[~inside], labels[~inside]), np.empty(0)).distances(
                embeddings[inside]
            )
    return found


def _fit(embeddings: Floats, labels: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Whitening `(d, d)` and whitened class means: one covariance for all classes, shrunk a tenth to a round one."""
    points = embeddings.astype(np.float64)
    numbers = np.unique(labels)
    means = np.stack([points[labels == each].mean(axis=0) for each in numbers])
    residuals = points - means[np.searchsorted(numbers, labels)]
    covariance = residuals.T @ residuals / len(points)
    mean_variance = float(np.trace(covariance)) / len(covariance) or 1.0
    shrunk = (1.0 - SHRINKAGE) * covariance + SHRINKAGE * mean_variance * np.eye(len(covariance))
    values, vectors = np.linalg.eigh(shrunk)
    whitening = vectors / np.sqrt(values)
    return whitening, means @ whitening
