"""Kappas against values worked out by hand, against scikit-learn, and by what they mean."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from tomosift.review.agreement import cohen_kappa, fleiss_kappas, wilson

# Fleiss, Levin, Paik, Statistical Methods for Rates and Proportions (2003), table 18.1: 100 people, two raters.
FLEISS_TABLE = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]], float)
# Fleiss (1971) as tabled in Wikipedia's article "Fleiss' kappa": 10 subjects, 14 raters, kappa 0.210.
FLEISS_1971 = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def test_cohens_kappa_and_its_standard_error_by_the_book() -> None:
    found = cohen_kappa(FLEISS_TABLE)
    assert (found.observed, found.value) == (pytest.approx(0.89), pytest.approx(0.6765, abs=5e-4))
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(0.0877, abs=5e-4)


def test_cohens_kappa_is_scikit_learns() -> None:
    random = np.random.default_rng(3)
    first = random.integers(0, 4, 300)
    second = np.where(random.random(300) < 0.7, first, random.integers(0, 4, 300))
    table = np.zeros((4, 4))
    np.add.at(table, (first, second), 1)
    assert cohen_kappa(table).value == pytest.approx(cohen_kappa_score(first, second))


def test_fleiss_kappa_of_his_example() -> None:
    found = fleiss_kappas(FLEISS_1971, np.ones(10, int))
    assert found.overall.value == pytest.approx(0.210, abs=5e-4)
    assert found.overall.observed == pytest.approx(0.378, abs=5e-4)
    assert found.overall.low is not None
    assert found.overall.high is not None
    assert found.overall.low < 0.210 < found.overall.high


def test_repeated_items_count_as_often_as_they_are() -> None:
    once = fleiss_kappas(np.repeat(FLEISS_1971, 3, axis=0), np.ones(30, int))
    grouped = fleiss_kappas(FLEISS_1971, np.full(10, 3))
    assert grouped.overall.value == pytest.approx(once.overall.value)
    assert [each.value for each in grouped.by_value] == pytest.approx([each.value for each in once.by_value])


def test_two_opinions_worked_by_hand() -> None:
    # aa aa ab bb: 3 of 4 pairs equal; 5 a and 3 b of 8, chance (25 + 9) / 64; kappa (0.75 - 0.53125) / 0.46875.
    found = fleiss_kappas(np.array([[2, 0], [1, 1], [0, 2]]), np.array([2, 1, 1]))
    assert found.overall.value == pytest.approx(0.21875 / 0.46875)
    assert [each.value for each in found.by_value] == pytest.approx([0.21875 / 0.46875] * 2), "with two they are one"


def test_where_kappa_is_not_defined() -> None:
    assert fleiss_kappas(np.array([[2], [3]]), np.array([5, 1])).overall.value is None
    assert cohen_kappa(np.array([[7.0, 0], [0, 0]])).value is None
    assert fleiss_kappas(np.zeros((0, 2), int), np.zeros(0, int)).overall.observed is None


def test_the_interval_covers() -> None:
    """Of simulated projects with a known kappa of 0.6, about 95 % of the intervals hold it."""
    random = np.random.default_rng(1)
    hits = 0
    for trial in range(60):
        first = random.integers(0, 2, 80)
        second = np.where(random.random(80) < 0.6, first, random.integers(0, 2, 80))
        counts = np.stack([(first == 0).astype(int) + (second == 0), (first == 1).astype(int) + (second == 1)], axis=1)
        found = fleiss_kappas(counts, np.ones(80, int), seed=trial).overall
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 0.6 <= found.high
    assert hits >= 52


def test_wilsons_interval() -> None:
    assert wilson(8, 10) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert wilson(0, 5)[0] == 0.0
