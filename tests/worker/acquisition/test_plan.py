"""The automatic plan: which function for how many labels, and why."""

import numpy as np
import pytest

from tomosift_worker.acquisition.plan import ACQUISITION_IDS, make_plan
from tomosift_worker.acquisition.settings import SelectionSettings

RULES = SelectionSettings(tomogram_cap=7)


@pytest.mark.parametrize(
    ("counts", "has_model", "function"),
    [
        ([], False, "typiclust"),
        ([3, 2], False, "typiclust"),
        ([18, 4, 2], True, "even-classes"),
        ([500, 1, 1], True, "even-classes"),
        ([10, 10], True, "badge"),
        ([18, 4, 8], True, "even-classes"),
        ([18, 5, 7], True, "badge"),
    ],
)
def test_from_typical_by_way_of_rare_classes_to_uncertain(counts: list[int], has_model: bool, function: str) -> None:
    plan = make_plan("auto", np.array(counts, np.int64), RULES, has_model=has_model)
    assert (plan.function.id, plan.selection) == (function, RULES)
    assert plan.is_automatic
    if has_model:
        assert f"{sum(counts)} labels" in plan.why
        assert f"{len(counts)} classes" in plan.why


def test_what_people_ask_for_stays() -> None:
    for asked in ACQUISITION_IDS[1:]:
        plan = make_plan(asked, np.array([1, 1]), RULES)
        assert (plan.function.id, plan.selection, plan.is_automatic) == (asked, RULES, False)
