"""Accuracy, balanced accuracy, precision, recall and intervals against numbers worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from tomosift.exports.precision import estimate
from tomosift_worker.evaluation.classification import classify_quality
from tomosift_worker.evaluation.intervals import effective_sample_size, exact_interval, wilson_interval

TRUTH = np.array([0, 0, 0, 0, 1, 1, 2], np.int64)
CALLED = np.array([0, 0, 0, 1, 1, 0, 1], np.int64)
NAMES = ["barrel", "rod", "junk", "sphere"]


def test_by_hand() -> None:
    found = classify_quality(TRUTH, CALLED, NAMES)
    assert found is not None
    assert found.n == 7
    assert found.accuracy == pytest.approx(4 / 7)
    assert found.balanced_accuracy == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)
    barrel, rod, junk, sphere = found.per_class
    assert (barrel.n, barrel.predicted, barrel.precision, barrel.recall) == (4, 4, 3 / 4, 3 / 4)
    assert (rod.n, rod.predicted, rod.precision, rod.recall) == (2, 3, pytest.approx(1 / 3), 1 / 2)
    assert (junk.n, junk.predicted, junk.precision, junk.recall) == (1, 0, None, 0.0)
    assert (sphere.n, sphere.predicted, sphere.precision, sphere.recall) == (0, 0, None, None)
    assert barrel.f1 == pytest.approx(2 * 3 / (2 * 3 + 1 + 1))
    assert rod.f1 == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))
    assert (junk.f1, sphere.f1, sphere.f1_interval) == (0.0, None, None)
    assert barrel.precision_interval == exact_interval(3 / 4, 4)
    low, high = exact_interval(3 / 5, 5)  # 3 of the 5 that are barrel or called so are both
    assert barrel.f1_interval == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))
    assert found.confusion == [[3, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert (found.low, found.high) == wilson_interval(4 / 7, 7)


def test_weights_of_the_sample_weigh() -> None:
    weights = np.array([1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 4.0])
    found = classify_quality(TRUTH, CALLED, NAMES, weights)
    assert found is not None
    assert found.accuracy == pytest.approx((3 + 2) / 12)
    assert found.per_class[1].precision == pytest.approx(2 / (1 + 2 + 4))
    assert found.per_class[1].precision_interval == pytest.approx(exact_interval(2 / 7, 49 / 21))
    assert found.confusion[0] == [3, 1, 0, 0]  # counts stay counts
    assert (found.low, found.high) == pytest.approx(wilson_interval(5 / 12, 144 / 28))


def test_nothing_labeled_gives_none() -> None:
    assert classify_quality(np.empty(0, np.int64), np.empty(0, np.int64), NAMES) is None


def test_one_item_gives_numbers() -> None:
    found = classify_quality(np.array([1]), np.array([1]), NAMES)
    assert found is not None
    assert (found.accuracy, found.balanced_accuracy, found.high) == (1.0, 1.0, 1.0)
    assert found.low == pytest.approx(1 / (1 + 1.959964**2), abs=1e-6)


def test_wilson_by_hand() -> None:
    # 8 of 10: (0.8 + z^2/20 -+ z sqrt(0.016 + z^2/400)) / (1 + z^2/10), z = 1.96
    low, high = wilson_interval(0.8, 10)
    assert (low, high) == (pytest.approx(0.4901624, abs=1e-6), pytest.approx(0.9433178, abs=1e-6))
    assert wilson_interval(0.0, 20)[0] == 0.0
    with pytest.raises(ValueError, match="no interval"):
        wilson_interval(0.5, 0)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_wilson_bounds_solve_the_score_equation(case: tuple[int, int]) -> None:
    n, right = case
    share, z = right / n, 1.959963984540054
    low, high = wilson_interval(share, n)
    assert 0.0 <= low <= share <= high <= 1.0
    for bound in (low, high):
        if 0.0 < bound < 1.0:
            assert abs(share - bound) == pytest.approx(z * math.sqrt(bound * (1 - bound) / n), rel=1e-6, abs=1e-9)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.1, 10.0)), min_size=1, max_size=60), st.booleans())
def test_exports_state_the_same_interval(items: list[tuple[bool, float]], equal: bool) -> None:
    right = np.array([each for each, _ in items])
    weights = np.array([1.0 if equal else weight for _, weight in items])
    exported = estimate(right, weights)
    share = exported.share or 0.0
    low, high = exact_interval(share, effective_sample_size(weights.tolist()))
    assert (exported.low, exported.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))
    if equal:
        exact = binomtest(int(right.sum()), len(right)).proportion_ci(method="exact")
        assert (low, high) == (pytest.approx(exact.low, abs=1e-9), pytest.approx(exact.high, abs=1e-9))


def test_effective_size() -> None:
    assert effective_sample_size([2.0] * 5) == pytest.approx(5.0)
    assert effective_sample_size([1.0, 3.0]) == pytest.approx(1.6)
    assert effective_sample_size([]) == 0.0
