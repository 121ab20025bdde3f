"""Calibration error by hand, and a temperature that is the optimum."""

import numpy as np
import pytest

from tomosift_worker.evaluation.calibration import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    Outputs,
    calibrate,
    expected_calibration_error,
    fit_temperature,
    reliability,
)
from tomosift_worker.evaluation.intervals import wilson_interval


def _logits(confidence: list[float]) -> np.ndarray:
    """Two classes, class 0 with these probabilities."""
    p = np.array(confidence)
    return np.log(np.stack([p, 1 - p], axis=1))


def _ece(logits: np.ndarray, truth: np.ndarray) -> float | None:
    return expected_calibration_error(reliability(logits, truth))


def _outputs(logits: np.ndarray, truth: np.ndarray) -> Outputs:
    return Outputs(logits, truth, np.ones(len(truth)))


def test_ece_by_hand() -> None:
    # Bins of a tenth: two items at 0.85 (one right), two at 0.62 (both right).
    logits = _logits([0.85, 0.85, 0.62, 0.62])
    truth = np.array([0, 1, 0, 0])
    assert _ece(logits, truth) == pytest.approx(0.5 * 0.35 + 0.5 * 0.38)


def test_reliability_by_hand() -> None:
    logits = _logits([0.85, 0.85, 0.62, 0.99])
    first, second, last = reliability(logits, np.array([0, 1, 0, 0]), weights=np.array([1.0, 3.0, 2.0, 2.0]))
    assert (first.start, first.end, first.n, first.weight) == (0.6, 0.7, 1, 0.25)
    assert (second.n, second.weight, second.accuracy) == (2, 0.5, 0.25)
    assert second.confidence == pytest.approx(0.85)
    assert (second.low, second.high) == wilson_interval(0.25, 16 / 10)
    assert (last.start, last.end, last.accuracy) == (0.9, 1.0, 1.0)
    assert _ece(logits[:0], np.empty(0, np.int64)) is None
    softer = reliability(logits, np.zeros(4, np.int64), temperature=2.0)
    assert softer[0].confidence == pytest.approx(1 / (1 + np.sqrt(0.38 / 0.62)))


def test_ece_at_the_ends() -> None:
    assert _ece(np.empty((0, 2)), np.empty(0, np.int64)) is None
    sure = np.array([[100.0, 0.0]])
    assert _ece(sure, np.array([0])) == pytest.approx(0.0)
    assert _ece(sure, np.array([1])) == pytest.approx(1.0)
    assert _ece(sure, np.array([2])) == pytest.approx(1.0)  # a class the model does not know


def test_temperature_by_hand() -> None:
    # 7 of 10 right at logit difference d: the likeliest confidence is 0.7, so d / T = log(0.7 / 0.3).
    logits = np.tile([[4.0, 0.0]], (10, 1))
    truth = np.array([0] * 7 + [1] * 3)
    assert fit_temperature(logits, truth) == pytest.approx(4.0 / np.log(7 / 3), rel=1e-6)
    weights = np.where(truth == 0, 2.0, 3.0)  # as if 9 of 23 were wrong
    assert fit_temperature(logits, truth, weights) == pytest.approx(4.0 / np.log(14 / 9), rel=1e-6)


def test_temperature_is_the_minimum_of_the_likelihood() -> None:
    generator = np.random.default_rng(0)
    logits = 3.0 * generator.normal(size=(300, 5))
    truth = np.array([generator.choice(5, p=np.exp(z / 2.5) / np.exp(z / 2.5).sum()) for z in logits])
    found = fit_temperature(logits, truth)
    assert 2.0 < found < 3.2

    def loss(temperature: float) -> float:
        z = logits / temperature
        return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(300), truth]).mean())

    assert loss(found) <= min(loss(found * 1.001), loss(found / 1.001))


def test_temperature_stays_in_its_range() -> None:
    logits = np.array([[2.0, 0.0], [0.0, 2.0]])
    assert fit_temperature(logits, np.array([0, 1])) == LOWEST_TEMPERATURE  # always right
    assert fit_temperature(logits, np.array([1, 0])) == HIGHEST_TEMPERATURE  # always wrong
    with pytest.raises(ValueError, match="at least one"):
        fit_temperature(np.empty((0, 2)), np.empty(0, np.int64))


def test_calibration_is_fitted_on_one_half_and_measured_on_the_other() -> None:
    generator = np.random.default_rng(1)
    logits = 6.0 * generator.normal(size=(400, 4))
    truth = np.array([generator.choice(4, p=np.exp(z / 3) / np.exp(z / 3).sum()) for z in logits])
    found = calibrate(_outputs(logits[:200], truth[:200]), _outputs(logits[200:], truth[200:]))
    assert found is not None
    assert found.n == 200
    assert found.temperature == fit_temperature(logits[:200], truth[:200])
    assert found.ece_before is not None
    assert found.ece_after is not None
    assert found.ece_after < 0.5 * found.ece_before
    assert sum(each.n for each in found.reliability_before) == sum(each.n for each in found.reliability_after) == 200


def test_too_few_to_fit_and_unknown_classes() -> None:
    logits, truth = np.zeros((12, 2)), np.array([0, 1] * 6)
    assert calibrate(_outputs(logits[:9], truth[:9]), _outputs(logits, truth)) is None
    unknown = np.where(np.arange(12) < 3, 2, truth)
    assert calibrate(_outputs(logits, unknown), _outputs(logits, truth)) is None
    found = calibrate(_outputs(logits, truth), _outputs(logits[:0], truth[:0]))
    assert found is not None
    assert (found.ece_before, found.ece_after) == (None, None)
