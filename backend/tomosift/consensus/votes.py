"""What several people said of each subtomogram, as arrays: one row a vote, for rules that model the people."""

import uuid
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.orm import Session

from tomosift.consensus.dawid_skene import UNKNOWN, Opinions
from tomosift.kit.label_rule import UNSURE, Value
from tomosift.kit.standing_labels import counted_opinions


@dataclass(frozen=True)
class Votes:
    """m votes about n subtomograms, whose `ids` `(n,)` ascend, and what an adjudicator settled.

    `items`, `people`, `said` and `events`, each `(m,)`, say for each vote which of the n it is about, whose it is,
    which of the `values` it says (as many as there are values: unsure) and its event. `is_settled` `(n,)`: an
    adjudicator has spoken; `settled` `(n,)`: for which value, UNKNOWN for others.
    """

    ids: NDArray[np.int64]
    values: list[Value]
    items: NDArray[np.int64]
    people: NDArray[np.int64]
    said: NDArray[np.int64]
    events: NDArray[np.int64]
    is_settled: NDArray[np.bool_]
    settled: NDArray[np.int64]

    def opinions(self, wanted: NDArray[np.bool_]) -> Opinions:
        """The votes for a value about the items that are `wanted` `(n,)`; these and their people are numbered anew."""
        places = np.cumsum(wanted) - 1
        chosen = wanted[self.items] & (self.said < len(self.values))
        _, people = np.unique(self.people[chosen], return_inverse=True)
        return Opinions(places[self.items[chosen]], people, self.said[chosen])


def read_votes(session: Session, project_id: uuid.UUID, *, up_to_event_id: int, class_set_version: int) -> Votes:
    """The votes about subtomograms of which at least two people said what they are, and fewer than half are unsure."""
    statement = counted_opinions(project_id, up_to_event_id=up_to_event_id, class_set_version=class_set_version)
    row = session.execute(_as_arrays(statement)).one()
    items, events = np.array(row.items or (), np.int64), np.array(row.events or (), np.int64)
    people, _ = _numbered(row.people or ())
    said, texts = _numbered(list(zip(row.kinds or (), row.classes or (), strict=True)))
    names = [(kind, None if class_id is None else uuid.UUID(class_id)) for kind, class_id in texts]
    is_word = np.array(row.adjudicates or (), np.bool_)
    newest_last = np.flatnonzero(is_word)[np.argsort(events[is_word])]
    words = {int(items[each]): names[said[each]] for each in newest_last}
    votes = (column[~is_word] for column in (items, people, said, events))
    return _of_several(*votes, names=names, words=words)


def _as_arrays(opinions: Select[Any]) -> Select[*tuple[Any, ...]]:
    """What people said, a column an array: a row for each of many thousands would take longer than all the rest."""
    each = opinions.order_by(None).subquery()
    columns = {
        "items": each.c.subtomogram_id,
        "people": cast(each.c.user_id, Text),
        "kinds": each.c.kind,
        "classes": cast(each.c.class_id, Text),
        "events": each.c.event_id,
        "adjudicates": each.c.adjudicates,
    }
    return select(*(func.array_agg(column).label(name) for name, column in columns.items())).where(~each.c.imported)


def _numbered(things: Sequence[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """The number of each thing, and the things by number."""
    numbers: dict[Hashable, int] = {}
    found = [numbers.setdefault(each, len(numbers)) for each in things]
    return np.array(found, np.int64), list(numbers)


def _of_several(
    items: NDArray[np.int64],
    people: NDArray[np.int64],
    said: NDArray[np.int64],
    events: NDArray[np.int64],
    *,
    names: list[Value],
    words: dict[int, Value],
) -> Votes:
    """Of all votes `(m,)` those that count; `said` numbers the `names`, `words` are those of adjudicators."""
    ids, items = np.unique(items, return_inverse=True)
    is_unsure = np.array([each == UNSURE for each in names], np.bool_)
    sizes = np.bincount(items, minlength=len(ids))
    unsure = np.bincount(items[is_unsure[said]], minlength=len(ids))
    chosen = (sizes - unsure >= 2) & (2 * unsure < sizes)
    kept = chosen[items]
    ids, items, people, said, events = (
        ids[chosen],
        (np.cumsum(chosen) - 1)[items[kept]],
        people[kept],
        said[kept],
        events[kept],
    )
    values = sorted((names[each] for each in np.unique(said) if not is_unsure[each]), key=str)
    numbers = {value: number for number, value in enumerate(values)}
    renumbered = np.array([numbers.get(each, len(values)) for each in names], np.int64)
    spoken = [words.get(each) for each in ids.tolist()]
    is_settled = np.array([each is not None for each in spoken], np.bool_)
    settled = np.array([UNKNOWN if each is None else numbers.get(each, UNKNOWN) for each in spoken], np.int64)
    return Votes(ids, values, items, people, renumbered[said], events, is_settled, settled)
