"""Items far from every class are told apart, on one scale whatever the network."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.metrics import roc_auc_score

from tomosift_worker.evaluation import unlikeness
from tomosift_worker.evaluation.unlikeness import SHRINKAGE, class_shapes

CENTRES = np.array([[0.0, 0.0, 0.0], [6.0, 0.0, 0.0]])
SPREAD = np.array([1.0, 0.2, 0.2])


def _items(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    return CENTRES[labels] + SPREAD * generator.normal(size=(count, 3)), labels


def test_distances_are_mahalanobis_to_the_nearest_class() -> None:
    points, labels = _items(60, 0)
    shapes = class_shapes(points, labels, points)
    assert shapes is not None
    means = [points[labels == each].mean(axis=0) for each in (0, 1)]
    residuals = points - np.stack(means)[labels]
    covariance = residuals.T @ residuals / 60
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.trace(covariance) / 3 * np.eye(3)
    inverse = np.linalg.inv(shrunk)
    others = np.random.default_rng(1).normal(scale=4.0, size=(9, 3)).astype(np.float16)
    expected = [min(mahalanobis(each.astype(float), mean, inverse) for mean in means) for each in others]
    np.testing.assert_allclose(shapes.distances(others), expected, rtol=1e-4)


def test_the_scale_holds_for_items_of_the_classes_and_tells_others() -> None:
    points, labels = _items(400, 0)
    shapes = class_shapes(points, labels, _items(200, 1)[0])
    assert shapes is not None
    own = shapes.unlikeness(shapes.distances(_items(1000, 2)[0]))
    assert abs((own >= 0.9).mean() - 0.1) < 0.05, "a tenth of the classes' own items lies beyond 0.9"
    strange = shapes.unlikeness(shapes.distances(np.array([3.0, 4.0, 0.0]) + _items(50, 3)[0] * 0.1))
    assert roc_auc_score(np.r_[np.zeros(1000), np.ones(50)], np.r_[own, strange]) > 0.99
    assert strange.max() <= 200 / 201


def test_without_an_evaluation_sample_the_labels_are_held_out_by_turns() -> None:
    points, labels = _items(40, 0)
    shapes = class_shapes(points, labels, points[:3])
    assert shapes is not None
    assert len(shapes.reference) == 40
    trained = class_shapes(points, labels, points)
    assert trained is not None
    assert shapes.reference.mean() > trained.reference.mean(), "items that shaped a class lie nearer to it"
    alone = class_shapes(points[:1], labels[:1], points[:0])
    assert alone is not None
    assert alone.unlikeness(alone.distances(points)).max() == 0.0, "one label is no measure"
    assert class_shapes(points[:0], labels[:0], points) is None


def test_what_is_no_number_has_no_distance_and_rows_are_done_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    points, labels = _items(40, 0)
    shapes = class_shapes(points, labels, points)
    assert shapes is not None
    damaged = points.copy()
    damaged[7, 1] = np.nan
    monkeypatch.setattr(unlikeness, "ROWS_AT_ONCE", 16)
    found = shapes.distances(damaged)
    assert np.flatnonzero(np.isnan(found)).tolist() == [7]
    assert np.isnan(shapes.unlikeness(found)[7])
