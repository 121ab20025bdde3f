"""Labels by row number need to know the list."""

import uuid

import pytest

from tomosift.kit.problems import ProblemError
from tomosift.pool.label_imports import SHOWN_LISTS, only_list
from tomosift.tables import Source


def test_one_list_is_meant() -> None:
    source = Source(id=uuid.uuid4(), name="a.star")
    assert only_list([source]) is source
    assert only_list([]) is None


def test_several_lists_are_named_with_the_ids_to_choose_from() -> None:
    sources = [Source(id=uuid.uuid4(), name=f"{number}.star") for number in range(SHOWN_LISTS + 2)]
    with pytest.raises(ProblemError) as refused:
        only_list(sources)
    assert refused.value.status == 422
    assert f"{sources[0].id} (0.star)" in refused.value.detail
    assert refused.value.detail.endswith("(9.star) and 2 more.")
