"""The rows of a batch: in which order the queue asks, and how many people it asks about an item.

Every way into the queue (first batch, redrawn batch, further random items, a cycle's picks, a grown evaluation sample)
makes its rows here.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

Id = TypeVar("Id")

DEFAULT_INTERLEAVE = 2
"""After so many picks the queue asks for one evaluation item, where the project says nothing else."""
DEFAULT_OVERLAP_OPINIONS = 2
"""How many people are asked about an item of the overlap, where the project says nothing else."""
PRIORITY_OF = {"query": 0, "evaluation": 0, "recheck": -10, "label-error": -20, "adjudication": 0}
"""The priority a question gets by its kind of work: the batch first, then re-checks, then likely label errors."""


@dataclass(frozen=True)
class Pick:
    """An item that a batch asks about. `reason` is `{acquisition, text}` and says why it was chosen."""

    subtomogram_id: int
    reason: Mapping[str, Any]
    rank: int | None = None
    score: float | None = None


@dataclass(frozen=True)
class Layout:
    """How a project lays out its batches. `overlap_share` of the items are asked of `overlap_opinions` people."""

    interleave: int = DEFAULT_INTERLEAVE
    overlap_share: float = 0.0
    overlap_opinions: int = DEFAULT_OVERLAP_OPINIONS

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Layout":
        """The layout that a project's stored settings say."""
        return cls(
            int(settings.get("interleave", DEFAULT_INTERLEAVE)),
            float(settings.get("overlap_share", 0.0)),
            int(settings.get("overlap_opinions", DEFAULT_OVERLAP_OPINIONS)),
        )

    def opinions_wanted(self, subtomogram_id: int) -> int:
        """How many people are asked about an item. It hangs on the item's id alone: the same in every batch."""
        digest = hashlib.blake2b(str(subtomogram_id).encode(), digest_size=8).digest()
        is_shared = int.from_bytes(digest) < self.overlap_share * 2**64
        return self.overlap_opinions if is_shared else 1


@dataclass(frozen=True)
class Batch:
    """Which batch rows belong to, and after which position they come."""

    project_id: uuid.UUID
    number: int = 0
    cycle_id: uuid.UUID | None = None
    after: int = 0


def queue_rows(
    batch: Batch, picks: Sequence[Pick], evaluation_ids: Sequence[int], layout: Layout
) -> list[dict[str, Any]]:
    """The rows of `queue_item` that ask about these picks and new evaluation items, one a slot.

    Further opinions about a pick are re-checks: they come after the batch and tell nothing of why it was picked. Those
    about an evaluation item are evaluation items like the first.
    """
    by_id = {pick.subtomogram_id: pick for pick in picks}
    rows = []
    for subtomogram_id, position in lay_out(list(by_id), evaluation_ids, layout.interleave):
        pick = by_id.get(subtomogram_id)
        for slot in range(1, layout.opinions_wanted(subtomogram_id) + 1):
            work = "evaluation" if pick is None else "query" if slot == 1 else "recheck"
            shown = pick if work == "query" else None
            rows.append(
                {
                    "project_id": batch.project_id,
                    "subtomogram_id": subtomogram_id,
                    "work": work,
                    "slot": slot,
                    "batch": 0 if pick is None else batch.number,
                    "cycle_id": None if pick is None else batch.cycle_id,
                    "priority": PRIORITY_OF[work],
                    "position": batch.after + position,
                    "rank": shown.rank if shown else None,
                    "score": shown.score if shown else None,
                    "reason": dict(shown.reason) if shown else None,
                }
            )
    return rows


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
