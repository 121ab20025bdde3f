"""The automatic plan: which function for how many labels, and why."""

import numpy as np
import pytest

from tomosift_worker.acquisition.plan import ACQUISITION_IDS, make_plan
from tomosift_worker.acquisition.settings import SelectionSettings

RULES = SelectionSettings(tomogram_cap=7)


@pytest.mark.parametrize(
    ("counts", "has_model", "function", "diversify"),
    [
        ([], False, "typiclust", "none"),
        ([3, 2], False, "typiclust", "none"),
        ([9, 10], True, "margin", "k-center"),
        ([18, 1, 10], True, "margin", "k-center"),
        ([10, 10], True, "badge", "none"),
        ([500, 1, 1], True, "badge", "none"),
    ],
)
def test_from_typical_to_uncertain_as_labels_grow(
    counts: list[int], has_model: bool, function: str, diversify: str
) -> None:
    plan = make_plan("auto", np.array(counts, np.int64), RULES, has_model=has_model)
    assert (plan.function.id, plan.selection.diversify) == (function, diversify)
    assert plan.is_automatic
    assert plan.selection.tomogram_cap == 7
    if has_model:
        assert f"With {sum(counts)} labels of {len(counts)} classes" in plan.why


def test_what_people_ask_for_stays() -> None:
    for asked in ACQUISITION_IDS[1:]:
        plan = make_plan(asked, np.array([1, 1]), RULES)
        assert (plan.function.id, plan.selection, plan.is_automatic) == (asked, RULES, False)
    spread = SelectionSettings(diversify="cluster-margin")
    assert make_plan("auto", np.array([2, 2]), spread).selection.diversify == "cluster-margin"
