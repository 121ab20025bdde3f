"""The batch: the best by score with ties nobody's import order decides, and the rules that go with every score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import Picks
from tomosift_worker.acquisition.selection import (
    ONE_OF_ITS_KIND,
    UNLIKE_THE_OTHERS,
    BatchRequest,
    pick_batch,
    ranked,
)
from tomosift_worker.acquisition.settings import ScoringSettings, SelectionSettings

IDS = np.array([3, 1, 4, 15, 9, 2], np.int64)
STRATEGIES = [function.id for function in ACQUISITION_FUNCTIONS.values() if function.select is not None]


def test_the_highest_scores_best_first() -> None:
    scores = np.array([0.1, 0.9, 0.5, 0.7, 0.3, 0.8])
    assert IDS[ranked(scores, IDS)[:3]].tolist() == [1, 2, 15]


def test_candidates_leave_items_out() -> None:
    scores = np.arange(6.0)
    candidates = np.array([True, False, True, False, False, False])
    assert ranked(scores, IDS, candidates=candidates).tolist() == [2, 0]
    assert ranked(np.empty(0), np.empty(0, np.int64)).size == 0


def test_scores_that_are_no_number_come_last() -> None:
    scores = np.array([np.nan, 0.1, np.inf, 0.2, -5.0, np.nan])
    assert ranked(scores, IDS)[:3].tolist() == [3, 1, 4]


def test_ties_are_settled_by_the_seed_and_not_by_the_order_of_import() -> None:
    ids = np.arange(1000, dtype=np.int64)
    chosen = ranked(np.zeros(1000), ids, seed=1)[:100]
    assert not np.array_equal(np.sort(chosen), np.arange(100))
    assert 350 < chosen.mean() < 650
    assert not np.array_equal(chosen, ranked(np.zeros(1000), ids, seed=2)[:100])


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
    usual = ids[ranked(scores, ids, seed=seed)[:count]]
    assert np.array_equal(usual, ids[shuffled][ranked(scores[shuffled], ids[shuffled], seed=seed)[:count]])


def _pool(n: int = 240, classes: int = 4, d: int = 6) -> PoolOutputs:
    generator = np.random.default_rng(0)
    return PoolOutputs(
        item_ids=np.arange(n, dtype=np.int64) * 7 + 3,
        logits=generator.normal(size=(n, classes)).astype(np.float32),
        embeddings=generator.normal(size=(n, d)).astype(np.float16),
        seed=5,
    )


def _pick(function: str, pool: PoolOutputs, count: int = 12, **rules: object) -> Picks:
    entry, scoring = ACQUISITION_FUNCTIONS[function], ScoringSettings()
    request = BatchRequest(
        count=count,
        candidates=pool.item_ids % 5 != 0,
        labeled=pool.item_ids % 5 == 0,
        tomograms=np.where(np.arange(len(pool)) % 8 == 7, -1, np.arange(len(pool)) % 8 // 3),
        spare=2,
    )
    scores = None if entry.score is None else entry.score(pool, scoring)
    return pick_batch(entry, pool, scores, scoring, SelectionSettings.model_validate(rules), request)


@pytest.mark.parametrize("function", ["random", "entropy", "egl", *STRATEGIES])
@pytest.mark.parametrize(
    "rules", [{}, {"diversify": "k-center", "beta": 3}, {"diversify": "cluster-margin"}, {"stratify": True}]
)
def test_picks_are_candidates_each_once_and_the_same_for_any_order_of_the_pool(
    function: str, rules: dict[str, object]
) -> None:
    pool = _pool()
    picks = _pick(function, pool, **rules)
    ids = pool.item_ids[picks.places]
    assert len(set(ids.tolist())) == len(picks) == 14
    assert (ids % 5 != 0).all()
    order = np.random.default_rng(1).permutation(len(pool))
    other = PoolOutputs(pool.item_ids[order], pool.logits[order], pool.embeddings[order], seed=pool.seed)
    assert other.item_ids[_pick(function, other, **rules).places].tolist() == ids.tolist()


@pytest.mark.parametrize("function", ["random", "margin", *STRATEGIES])
def test_the_cap_of_each_tomogram_holds_and_items_without_one_have_none(function: str) -> None:
    pool = _pool()
    tomograms = np.where(np.arange(len(pool)) % 8 == 7, -1, np.arange(len(pool)) % 8 // 3)
    picks = _pick(function, pool, count=12, tomogram_cap=2)
    taken = tomograms[picks.places]
    assert all((taken == tomogram).sum() == 2 for tomogram in range(3))
    assert len(picks) == 14
    assert (taken == -1).sum() == 8
    assert all(reason.endswith("At most 2 of the batch come from one tomogram.") for reason in picks.reasons)


def test_a_cap_nobody_can_keep_gives_fewer_picks() -> None:
    pool = _pool()
    entry, n = ACQUISITION_FUNCTIONS["margin"], len(pool)
    request = BatchRequest(10, np.ones(n, np.bool_), np.zeros(n, np.bool_), np.zeros(n, np.int64))
    assert entry.score is not None
    scores = entry.score(pool, ScoringSettings())
    picks = pick_batch(entry, pool, scores, ScoringSettings(), SelectionSettings(tomogram_cap=3), request)
    assert picks.places == ranked(scores, pool.item_ids, pool.seed)[:3].tolist()


@pytest.mark.parametrize("function", ["random", "entropy", *STRATEGIES])
def test_strata_get_equal_shares_as_far_as_there_are(function: str) -> None:
    pool = _pool()
    # Class 3 is predicted for two candidates only: the others share what it leaves.
    pool.logits[:, 3] = -10.0
    pool.logits[[2, 3], 3] = 10.0
    assert (pool.item_ids[[2, 3]] % 5 != 0).all()
    picks = _pick(function, pool, count=12, stratify=True)
    counts = np.bincount(pool.logits.argmax(axis=1)[picks.places], minlength=4)
    assert counts[3] == 2
    assert counts.sum() == 14
    assert counts[:3].max() - counts[:3].min() <= 1
    assert all(reason.endswith("in turn.") for reason in picks.reasons)


@pytest.mark.parametrize(("way", "sentence"), [("k-center", UNLIKE_THE_OTHERS), ("cluster-margin", ONE_OF_ITS_KIND)])
def test_diversify_keeps_copies_out_of_the_batch(way: str, sentence: str) -> None:
    """Ten kinds of look-alikes; the most uncertain are all of one kind, so that plain top-k picks nothing else."""
    generator = np.random.default_rng(3)
    n, kinds = 400, 10
    kind = np.arange(n) % kinds
    centres = 5.0 * generator.normal(size=(kinds, 4))
    pool = PoolOutputs(
        np.arange(n, dtype=np.int64),
        np.stack([np.zeros(n), 0.1 + kind + 1e-3 * np.arange(n)], axis=1).astype(np.float32),
        (centres[kind] + 0.05 * generator.normal(size=(n, 4))).astype(np.float16),
    )
    entry = ACQUISITION_FUNCTIONS["margin"]
    assert entry.score is not None
    scores = entry.score(pool, ScoringSettings())
    request = BatchRequest(10, np.ones(n, np.bool_), np.zeros(n, np.bool_), np.full(n, -1))

    def picks(**rules: object) -> Picks:
        return pick_batch(entry, pool, scores, ScoringSettings(), SelectionSettings.model_validate(rules), request)

    plain, spread = picks(), picks(diversify=way, beta=40)
    assert set(kind[plain.places]) == {0}
    assert set(kind[spread.places]) == set(range(kinds))
    assert plain.reasons == [entry.reason] * 10
    assert spread.reasons == [f"{entry.reason} {sentence}"] * 10
    assert spread.values == [scores[place] for place in spread.places]
    # Among the best 40 there is but one kind.
    assert set(kind[picks(diversify=way, beta=4).places]) == {0}


@pytest.mark.parametrize("function", ["entropy", *STRATEGIES])
@pytest.mark.parametrize("diversify", ["none", "k-center", "cluster-margin"])
def test_items_without_numbers_are_not_picked_and_spoil_nothing(function: str, diversify: str) -> None:
    pool = _pool()
    broken = pool.item_ids % 11 == 0
    pool.embeddings[broken] = np.nan
    pool.logits[broken] = np.nan
    picks = _pick(function, pool, diversify=diversify, beta=100)
    assert len(picks) == 14
    assert not broken[picks.places].any()
    assert np.isfinite(picks.values[1:]).all()
