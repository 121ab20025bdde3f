"""The automatic plan: which function for how many labels, and why."""

import numpy as np
import pytest

from tomosift_worker.acquisition.plan import ACQUISITION_IDS, make_plan
from tomosift_worker.acquisition.settings import SelectionSettings

RULES = SelectionSettings(tomogram_cap=7)


@pytest.mark.parametrize("counts", [[], [3, 2]])
def test_typical_volumes_come_before_there_is_a_model(counts: list[int]) -> None:
    plan = make_plan("auto", np.array(counts, np.int64), RULES, has_model=False)
    assert (plan.function.id, plan.selection, plan.is_automatic) == ("typiclust", RULES, True)
    assert "too few labels" in plan.why


@pytest.mark.parametrize(
    ("counts", "rare"),
    [
        ([10, 10], None),
        ([18, 5, 7], None),
        ([18, 3, 9], "1 of them rare"),
        ([19, 3, 2], "2 of them rare"),
        ([500, 1, 1], "2 of them rare"),
    ],
)
def test_then_those_that_teach_most_and_the_plan_says_what_is_rare(counts: list[int], rare: str | None) -> None:
    plan = make_plan("auto", np.array(counts, np.int64), RULES)
    assert (plan.function.id, plan.selection, plan.is_automatic) == ("rare-badge", RULES, True)
    assert f"the plan for {sum(counts)} labels of {len(counts)} classes" in plan.why
    assert ("rare" in plan.why) == (rare is not None)
    assert rare is None or rare in plan.why


def test_what_people_ask_for_stays() -> None:
    for asked in ACQUISITION_IDS[1:]:
        plan = make_plan(asked, np.array([1, 1]), RULES)
        assert (plan.function.id, plan.selection, plan.is_automatic) == (asked, RULES, False)
