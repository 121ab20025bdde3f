"""In which order the queue asks: picks of the batch, with evaluation items strewn in evenly."""

from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

Id = TypeVar("Id")

DEFAULT_INTERLEAVE = 2
"""After so many picks the queue asks for one evaluation item, where the project says nothing else."""


def lay_out(query_ids: Sequence[Id], evaluation_ids: Sequence[Id], interleave: int) -> list[tuple[Id, int]]:
    """Positions (from 1) for a batch: after every `interleave` picks comes one evaluation item.

    Both sequences keep their order. What is left of either when the other has run out follows at the end.
    Raises ValueError for an `interleave` below 1.
    """
    if interleave < 1:
        raise ValueError(f"interleave must be at least 1, not {interleave}")
    ordered: list[Id] = []
    evaluation = iter(evaluation_ids)
    for number, query_id in enumerate(query_ids, start=1):
        ordered.append(query_id)
        if number % interleave == 0:
            ordered.extend(islice(evaluation, 1))
    ordered.extend(evaluation)
    return [(each, position) for position, each in enumerate(ordered, start=1)]
