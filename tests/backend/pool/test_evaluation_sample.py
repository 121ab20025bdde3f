"""The evaluation sample: its size, that it stays a fair sample as the pool grows, and the queue's layout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomosift.kit.queue_layout import lay_out
from tomosift.pool.evaluation_sample import draw, half_of, plan_growth
from tomosift.projects.schemas import ProjectSettings

DEFAULT = ProjectSettings()


@pytest.mark.parametrize(
    ("pool", "expected"),
    [(600, 100), (100_000, 1000), (10_000, 200), (150, 75), (3, 1), (1, 0), (0, 0)],
    ids=["minimum", "maximum", "fraction", "half of a small pool", "three", "one", "none"],
)
def test_size_of_the_first_sample(pool: int, expected: int) -> None:
    assert plan_growth(0, 0, pool, DEFAULT).count == expected


def test_it_grows_by_the_same_fraction_and_all_weigh_the_same() -> None:
    growth = plan_growth(10_000, 200, 5_000, DEFAULT)
    assert (growth.count, growth.weight) == (100, 1.0)


def test_at_the_maximum_new_items_are_fewer_and_weigh_more() -> None:
    growth = plan_growth(600, 100, 10_000, DEFAULT)
    assert growth.count == 900, "the same fraction would be 1667; the maximum leaves 900"
    assert growth.weight == pytest.approx(1667 / 900)


def test_a_full_sample_still_gets_the_new_parts_share() -> None:
    growth = plan_growth(50_000, 1000, 10_000, DEFAULT)
    assert growth.count == 167, "else accuracy would say nothing about a sixth of the pool"
    assert growth.weight == pytest.approx(200 / 167)


def test_a_project_may_do_without() -> None:
    none = ProjectSettings(evaluation_fraction=0, evaluation_minimum=0, evaluation_maximum=0)
    assert plan_growth(0, 0, 1000, none).count == 0
    assert plan_growth(1000, 0, 1000, none).count == 0


@given(
    pools=st.lists(st.integers(0, 30_000), min_size=1, max_size=6),
    fraction=st.floats(0, 0.5),
    minimum=st.integers(0, 500),
    more=st.integers(0, 1500),
)
def test_growth_is_always_possible_and_never_takes_more_than_it_should(
    pools: list[int], fraction: float, minimum: int, more: int
) -> None:
    settings = ProjectSettings(
        evaluation_fraction=fraction, evaluation_minimum=minimum, evaluation_maximum=minimum + more
    )
    pool = sample = 0
    for new in pools:
        growth = plan_growth(pool, sample, new, settings)
        assert 0 <= growth.count <= new
        assert growth.weight >= 1.0
        if pool == 0:
            assert growth.count <= min(settings.evaluation_maximum, new // 2)
        pool, sample = pool + new, sample + growth.count


def test_the_draw_is_fair_and_repeats_with_its_seed() -> None:
    ids = list(range(100, 160))
    assert draw(ids, 20, seed=7) == draw(ids, 20, seed=7)
    assert len(set(draw(ids, 20, seed=7))) == 20
    counts = np.zeros(60)
    for seed in range(3000):
        counts[np.asarray(draw(ids, 20, seed)) - 100] += 1
    # Each id is drawn with probability 1/3: 1000 times, with a standard deviation of 26.
    assert np.abs(counts - 1000).max() < 5 * 26


def test_halves_are_fixed_by_the_volume_and_about_equal() -> None:
    hashes = [np.random.default_rng(number).bytes(16).hex() for number in range(2000)]
    halves = [half_of(each) for each in hashes]
    assert halves == [half_of(each) for each in hashes]
    assert set(halves) == {"calibrate", "report"}
    assert abs(halves.count("report") - 1000) < 5 * 22


def test_layout_strews_evaluation_items_in() -> None:
    assert [each for each, _ in lay_out("abcde", "12", 2)] == ["a", "b", "1", "c", "d", "2", "e"]
    assert [each for each, _ in lay_out("abc", "1234", 1)] == ["a", "1", "b", "2", "c", "3", "4"]
    assert lay_out([], [], 3) == []
    with pytest.raises(ValueError, match="interleave"):
        lay_out([1], [2], 0)


@given(
    query=st.lists(st.integers(0, 10_000), unique=True),
    evaluation=st.lists(st.integers(20_000, 30_000), unique=True),
    interleave=st.integers(1, 10),
)
def test_layout_keeps_everything_in_order(query: list[int], evaluation: list[int], interleave: int) -> None:
    laid = lay_out(query, evaluation, interleave)
    assert [position for _, position in laid] == list(range(1, len(query) + len(evaluation) + 1))
    ordered = [each for each, _ in laid]
    assert [each for each in ordered if each < 20_000] == query
    assert [each for each in ordered if each >= 20_000] == evaluation
    for number, each in enumerate(ordered):
        if each >= 20_000 and number < len(ordered) - 1 and ordered[number + 1] < 20_000:
            assert all(before < 20_000 for before in ordered[number - interleave : number])
