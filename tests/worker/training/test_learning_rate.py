"""The learning rate over the steps."""

import pytest

from tomosift_worker.training.schedule import learning_rate_at
from tomosift_worker.training.settings import TrainingSettings


def test_cosine_rises_for_a_tenth_and_falls_to_zero() -> None:
    settings = TrainingSettings(steps=200, learning_rate=0.1, schedule="cosine")
    rates = [learning_rate_at(step, settings) for step in range(200)]
    assert rates[0] == pytest.approx(0.1 / 20)
    assert max(rates) == pytest.approx(0.1)
    assert rates.index(max(rates)) in (19, 20)
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[110] == pytest.approx(0.05)
    assert 0.0 < rates[-1] < 1e-4


def test_step_drops_to_a_tenth_after_80_percent() -> None:
    settings = TrainingSettings(steps=100, learning_rate=0.1, schedule="step")
    assert learning_rate_at(79, settings) == 0.1
    assert learning_rate_at(80, settings) == pytest.approx(0.01)


def test_one_step_and_constant() -> None:
    assert learning_rate_at(0, TrainingSettings(steps=1, learning_rate=0.1)) == pytest.approx(0.1)
    assert learning_rate_at(99, TrainingSettings(steps=100, learning_rate=0.2, schedule="constant")) == 0.2
