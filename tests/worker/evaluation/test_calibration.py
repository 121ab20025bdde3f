"""Calibration error by hand, and a temperature that is the optimum."""

import numpy as np
import pytest

from tomosift_worker.evaluation.calibration import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    calibrate,
    expected_calibration_error,
    fit_temperature,
)


def _logits(confidence: list[float]) -> np.ndarray:
    """Two classes, class 0 with these probabilities."""
    p = np.array(confidence)
    return np.log(np.stack([p, 1 - p], axis=1))


def test_ece_by_hand() -> None:
    # Bins of a tenth: two items at 0.85 (one right), two at 0.62 (both right).
    logits = _logits([0.85, 0.85, 0.62, 0.62])
    truth = np.array([0, 1, 0, 0])
    assert expected_calibration_error(logits, truth) == pytest.approx(0.5 * 0.35 + 0.5 * 0.38)


def test_ece_at_the_ends() -> None:
    assert expected_calibration_error(np.empty((0, 2)), np.empty(0, np.int64)) is None
    sure = np.array([[100.0, 0.0]])
    assert expected_calibration_error(sure, np.array([0])) == pytest.approx(0.0)
    assert expected_calibration_error(sure, np.array([1])) == pytest.approx(1.0)
    assert expected_calibration_error(sure, np.array([2])) == pytest.approx(1.0)  # a class the model does not know


def test_temperature_by_hand() -> None:
    # 7 of 10 right at logit difference d: the likeliest confidence is 0.7, so d / T = log(0.7 / 0.3).
    logits = np.tile([[4.0, 0.0]], (10, 1))
    truth = np.array([0] * 7 + [1] * 3)
    assert fit_temperature(logits, truth) == pytest.approx(4.0 / np.log(7 / 3), rel=1e-6)


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
    found = calibrate(logits[:200], truth[:200], logits[200:], truth[200:])
    assert found is not None
    assert found.n == 200
    assert found.temperature == fit_temperature(logits[:200], truth[:200])
    assert found.ece_before is not None
    assert found.ece_after is not None
    assert found.ece_after < 0.5 * found.ece_before


def test_too_few_to_fit_and_unknown_classes() -> None:
    logits, truth = np.zeros((12, 2)), np.array([0, 1] * 6)
    assert calibrate(logits[:9], truth[:9], logits, truth) is None
    unknown = np.where(np.arange(12) < 3, 2, truth)
    assert calibrate(logits, unknown, logits, truth) is None
    found = calibrate(logits, truth, logits[:0], truth[:0])
    assert found is not None
    assert (found.ece_before, found.ece_after) == (None, None)
