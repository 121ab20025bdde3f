"""The best by score, with ties that nobody's import order decides."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tomosift_worker.acquisition.selection import select_top

IDS = np.array([3, 1, 4, 15, 9, 2], np.int64)


def test_the_highest_scores_best_first() -> None:
    scores = np.array([0.1, 0.9, 0.5, 0.7, 0.3, 0.8])
    assert IDS[select_top(scores, 3, IDS)].tolist() == [1, 2, 15]


def test_candidates_leave_items_out_and_fewer_come_where_there_are_fewer() -> None:
    scores = np.arange(6.0)
    candidates = np.array([True, False, True, False, False, False])
    assert select_top(scores, 4, IDS, candidates=candidates).tolist() == [2, 0]
    assert select_top(scores, 0, IDS).size == 0
    assert select_top(np.empty(0), 4, np.empty(0, np.int64)).size == 0


def test_scores_that_are_no_number_come_last() -> None:
    scores = np.array([np.nan, 0.1, np.inf, 0.2, -5.0, np.nan])
    assert select_top(scores, 3, IDS).tolist() == [3, 1, 4]


def test_ties_are_settled_by_the_seed_and_not_by_the_order_of_import() -> None:
    ids = np.arange(1000, dtype=np.int64)
    chosen = select_top(np.zeros(1000), 100, ids, seed=1)
    assert not np.array_equal(np.sort(chosen), np.arange(100))
    assert 350 < chosen.mean() < 650
    assert not np.array_equal(chosen, select_top(np.zeros(1000), 100, ids, seed=2))


@given(
    scores=arrays(np.float64, 40, elements=st.sampled_from([0.0, 1.0, 2.0, np.nan])),
    order=st.permutations(range(40)),
    count=st.integers(0, 50),
    seed=st.integers(0, 2**64 - 1),
)
def test_the_pick_does_not_depend_on_the_order_of_the_pool(
    scores: np.ndarray, order: list[int], count: int, seed: int
) -> None:
    ids = np.arange(100, 140, dtype=np.int64)
    shuffled = np.array(order)
    usual = ids[select_top(scores, count, ids, seed=seed)]
    assert np.array_equal(usual, ids[shuffled][select_top(scores[shuffled], count, ids[shuffled], seed=seed)])
