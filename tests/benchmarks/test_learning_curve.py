"""Curves of strategies on a tiny pool: what they share, what they label, and that they go on where they stopped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from label_efficiency.curve import Experiment, Schedule
from label_efficiency.strategies import Strategy
from simulated_sets import LabeledVolumes

TINY = {"network": {"width": 4}, "training": {"steps": 2, "batch_size": 4, "warm_start": "always"}}
TIMES = ("seconds", "training_seconds", "cpu_seconds")


def _experiment(folder: Path) -> Experiment:
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [20, 10, 6])
    volumes = generator.normal(size=(36, 12, 12, 12)).astype(np.float32) + labels[:, None, None, None]
    data = LabeledVolumes(volumes, labels, ("a", "b", "junk"))
    return Experiment(data, data, 6, Schedule((8, 14, 20)), seed=3, device=torch.device("cpu"), folder=folder)


def _curve(experiment: Experiment, acquisition: str, known: list[dict[str, Any]], **how: bool) -> list[dict[str, Any]]:
    rows = experiment.curve(acquisition, Strategy(acquisition, TINY, **how), "cpu-quick", known)
    return [{name: value for name, value in row.items() if name not in TIMES} for row in rows]


@pytest.mark.parametrize("acquisition", ["margin", "cod"])
def test_a_curve_that_goes_on_elsewhere_ends_as_one_that_was_never_stopped(acquisition: str, tmp_path: Path) -> None:
    whole = _curve(_experiment(tmp_path / "one"), acquisition, [])
    assert [row["labels"] for row in whole] == [8, 14, 20]
    assert _curve(_experiment(tmp_path / "other"), acquisition, whole[:2]) == whole[2:]
    assert _curve(_experiment(tmp_path / "one"), acquisition, whole) == []


def test_strategies_share_the_first_cycle_and_never_touch_the_evaluation_sample(tmp_path: Path) -> None:
    experiment = _experiment(tmp_path)
    first, other = (_curve(experiment, each, []) for each in ("entropy-gradnorm", "auto"))
    shared = ("labels", "class_counts", "balanced_accuracy", "accuracy", "recall")
    assert [first[0][name] for name in shared] == [other[0][name] for name in shared]
    for rows in (first, other, _curve(experiment, "auto", [], own_start=True)):
        picked = [item for row in rows for item in row["picks"]]
        assert len(set(picked)) == len(picked) == 12
        assert not set(picked) & set(experiment.evaluation.tolist())
        assert [sum(row["class_counts"]) for row in rows] == [8, 14, 20]
