"""Agreement of two models and the advice that rests on it, against numbers worked out by hand."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from tomosift_worker.evaluation.agreement import Agreement, model_agreement
from tomosift_worker.evaluation.stopping import Gain, paired_gain, stopping_advice

STABLE, MOVING = Agreement(1000, 0.005, 0.99), Agreement(1000, 0.2, 0.75)


def test_agreement_by_hand() -> None:
    found = model_agreement(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    assert found == Agreement(4, 0.25, pytest.approx((0.75 - 0.5) / 0.5))
    before, now = np.random.default_rng(0).integers(0, 4, (2, 300))
    found = model_agreement(before, np.where(before == 0, before, now))
    assert found is not None
    assert found.kappa == pytest.approx(cohen_kappa_score(before, np.where(before == 0, before, now)))
    assert model_agreement(np.zeros(3, int), np.zeros(3, int)) == Agreement(3, 0.0, None)
    assert model_agreement(np.empty(0, int), np.empty(0, int)) is None


def _gain(gained: int, lost: int, n: int) -> Gain:
    before = np.arange(n) < lost
    now = (np.arange(n) >= lost) & (np.arange(n) < lost + gained)
    found = paired_gain(before, now, np.full(n, 2.5), cycles=2, labels=80)
    assert found is not None
    return found


def test_paired_gain_is_agresti_and_mins() -> None:
    found = _gain(12, 4, 100)
    assert found.gain == pytest.approx(0.08)
    centre, n = 8 / 102, 102
    half = 1.959964 * np.sqrt((12.5 + 4.5) - 8**2 / n) / n
    assert (found.low, found.high) == (pytest.approx(centre - half, abs=1e-6), pytest.approx(centre + half, abs=1e-6))
    assert _gain(0, 0, 20).high > 0.0, "no change seen in 20 items is no proof of none"
    assert paired_gain(np.empty(0, bool), np.empty(0, bool), np.empty(0), cycles=2, labels=80) is None


@pytest.mark.parametrize(
    ("agreements", "gain", "verdict", "words"),
    [
        ([MOVING], _gain(12, 4, 100), "too-early", "takes three cycles"),
        ([STABLE, STABLE], None, "consider-stopping", "0.5 % of the pool changed class in the last cycle"),
        ([STABLE, MOVING], _gain(30, 2, 100), "go-on", "by +28.0 points (95 % interval +"),
        ([MOVING, MOVING], _gain(5, 4, 60), "undecided", "20.0 % of the pool changed"),
        ([MOVING, MOVING], _gain(2, 6, 900), "consider-stopping", "−1.1 points to +0.2 points, 900 evaluation"),
        ([MOVING, MOVING], None, "undecided", "no gain can be measured"),
    ],
)
def test_advice(agreements: list[Agreement], gain: Gain | None, verdict: str, words: str) -> None:
    found = stopping_advice(agreements, gain, next_batch=40)
    assert found.verdict == verdict
    assert words in found.text
    assert found.text.count(". ") == 0, "one sentence"


def test_the_next_batch_is_expected_to_bring_what_the_last_ones_did() -> None:
    assert stopping_advice([MOVING, MOVING], _gain(12, 4, 100), 40).expected_gain == pytest.approx(0.04)
