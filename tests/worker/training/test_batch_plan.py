"""Which volumes a step trains on: balanced over classes, fair within them, and a function of seed and step alone."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomosift_worker.training.batches import BatchPlan

LABELS = np.array([0] * 50 + [1] * 5 + [2] * 1 + [5] * 20, np.int64)


def _counts(plan: BatchPlan, steps: int) -> Counter[int]:
    return Counter(int(LABELS[each]) for step in range(steps) for each in plan.indices(step))


def test_each_class_comes_equally_often() -> None:
    counts = _counts(BatchPlan(LABELS, 24, "classes", seed=3), steps=50)
    assert dict(counts) == dict.fromkeys((0, 1, 2, 5), 300)


def test_within_a_class_all_volumes_come_equally_often() -> None:
    plan = BatchPlan(LABELS, 20, "classes", seed=3)
    seen = Counter(int(each) for step in range(40) for each in plan.indices(step))
    for label in (0, 1, 5):
        members = np.flatnonzero(label == LABELS)
        assert max(seen[int(each)] for each in members) - min(seen[int(each)] for each in members) <= 1


def test_without_balance_an_epoch_holds_every_volume_once() -> None:
    plan = BatchPlan(LABELS, 4, "none", seed=0)
    drawn = np.concatenate([plan.indices(step) for step in range(LABELS.size // 4)])
    assert sorted(drawn) == list(range(LABELS.size))
    assert not np.array_equal(drawn, np.arange(LABELS.size))


@given(step=st.integers(0, 10_000), seed=st.integers(0, 2**32 - 1), balance=st.sampled_from(["classes", "none"]))
def test_a_batch_follows_from_seed_and_step(step: int, seed: int, balance: str) -> None:
    one, two = (BatchPlan(LABELS, 7, balance, seed) for _ in range(2))  # type: ignore[arg-type]
    one.indices(max(0, step - 1))  # what was asked before does not matter
    assert np.array_equal(one.indices(step), two.indices(step))


def test_seeds_differ_and_an_empty_set_is_refused() -> None:
    one, two = BatchPlan(LABELS, 24, "classes", 0), BatchPlan(LABELS, 24, "classes", 1)
    assert not np.array_equal(one.indices(0), two.indices(0))
    with pytest.raises(ValueError, match="at least one label"):
        BatchPlan(np.empty(0, np.int64), 4, "classes", 0)
