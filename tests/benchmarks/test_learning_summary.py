"""The numbers drawn from learning curves, against ones worked out by hand."""

from typing import Any

import numpy as np
import pytest
from label_efficiency.summary import as_table, curves_of, labels_to_reach, paired_p, summarise


def _rows(strategy: str, seed: int, values: list[float]) -> list[dict[str, Any]]:
    return [
        {
            "strategy": strategy,
            "seed": seed,
            "cycle": cycle,
            "labels": 50 * cycle,
            "evaluation_labels": 100,
            "balanced_accuracy": value,
        }
        for cycle, value in enumerate(values, start=1)
    ]


def test_labels_to_reach_is_read_off_straight_between_two_cycles() -> None:
    labels, values = np.array([150.0, 200.0, 250.0]), np.array([0.4, 0.6, 0.5])
    assert labels_to_reach(labels, values, 0.55) == pytest.approx(187.5)
    assert labels_to_reach(labels, values, 0.4) == 150.0
    assert labels_to_reach(labels, values, 0.61) is None


def test_area_is_the_mean_height_of_the_curve_over_uneven_steps() -> None:
    rows = _rows("random", 0, [0.0, 1.0, 1.0])
    rows[2]["labels"] = 300
    assert curves_of(rows)["random"].areas() == pytest.approx([(50 * 0.5 + 200 * 1.0) / 250])


def test_a_strategy_is_set_beside_random_seed_by_seed_and_evaluation_labels_count() -> None:
    rows = []
    for seed, shift in enumerate((0.0, 0.1, 0.05)):
        rows += _rows("random", seed, [0.4 + shift, 0.5 + shift, 0.6 + shift])
        rows += _rows("better", seed, [0.4 + shift, 0.6 + shift + 0.001 * seed, 0.7 + shift])
        rows += _rows("worse", seed, [0.4 + shift, 0.45 + shift - 0.001 * seed, 0.6 + shift])
    rows += _rows("better", 3, [0.4, 0.9])  # a curve that is not whole says nothing
    better, random, worse = summarise(rows)
    assert (better["strategy"], worse["strategy"], better["seeds"]) == ("better", "worse", 3)
    assert better["needed"] == pytest.approx(200, abs=1)
    assert better["share"] == pytest.approx(200 / 250, abs=0.01)
    assert better["share_training"] == pytest.approx(100 / 150, abs=0.01)
    assert better["p"] < 0.01
    assert better["below_at"] == []
    assert worse["below_at"] == [200]
    assert (random["gain"], random["p"]) == (0.0, None)


def test_a_paired_test_leaves_out_what_the_seeds_have_in_common() -> None:
    seeds = np.array([0.1, 0.5, 0.9])
    p = paired_p(seeds + np.array([0.011, 0.010, 0.009]), seeds)
    assert p is not None
    assert p < 0.01
    assert paired_p(seeds[:1], seeds[:1]) is None


def test_the_table_says_what_was_not_reached_and_how_many_seeds_there_are() -> None:
    rows = [*_rows("random", 0, [0.4, 0.6]), *_rows("entropy", 0, [0.4, 0.5])]
    text = as_table(summarise(rows))
    assert "| `random` | 1 | 0.500 | 0.600 | 200 | 1.00 | 1.00 | +0.000 | nowhere |" in text
    assert "| `entropy` | 1 | 0.450 | 0.500 | not reached |  |  | -0.050 | nowhere |" in text
