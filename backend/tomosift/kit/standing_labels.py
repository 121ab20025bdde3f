"""The rule that makes one label of many opinions: one formula for the service and for the cycle that trains on it.

Rule "single": the newest standing opinion counts. An opinion stands until its author undoes it. A late one (its lease
had passed to someone else) counts only where no timely one stands, and a skip only where nobody said anything else.
"""

import uuid
from typing import Any

from sqlalchemy import BindParameter, Select, exists, func, select
from sqlalchemy.orm import aliased

from tomosift.tables import LabelEvent

RULE = "single"


def preference(kind: Any, late: Any, event_id: Any) -> tuple[Any, Any, Any]:
    """The rule itself: of all standing opinions the smallest of these keys is the label.

    Works on the values of one event (a sort key) and on columns (the terms of an ORDER BY) alike.
    """
    return (kind == "skip", late, -event_id)


def snapshot_lock(project_id: uuid.UUID) -> str:
    """Name of the advisory lock that makes a snapshot of the labels sharp.

    Whoever writes a label event holds it shared from before the event's id is drawn until the commit; a launch holds it
    exclusively while it reads the highest id. So no event at or below the snapshot can appear after it.
    """
    return f"label-snapshot:{project_id}"


def standing_opinions(project_id: uuid.UUID | BindParameter[Any], *, up_to_event_id: int | None = None) -> Select[Any]:
    """All opinions of a project that nobody has undone, as rows of `label_event`.

    `up_to_event_id` shows the state after that event: later opinions and later undos are as if they had not been.
    """
    undo = aliased(LabelEvent)
    undone = exists().where(undo.undoes_event_id == LabelEvent.id)
    if up_to_event_id is not None:
        undone = undone.where(undo.id <= up_to_event_id)
    statement = select(LabelEvent).where(LabelEvent.project_id == project_id, LabelEvent.kind != "undo", ~undone)
    return statement if up_to_event_id is None else statement.where(LabelEvent.id <= up_to_event_id)


def standing_labels(
    project_id: uuid.UUID, *, up_to_event_id: int | None = None
) -> "Select[int, str, uuid.UUID | None, int]":
    """The label of each subtomogram by rule "single": rows `(subtomogram_id, kind, class_id, event_id)`.

    Give `up_to_event_id` (a cycle's `label_snapshot_event_id`) to read the same labels however late one looks.
    """
    place = func.row_number().over(
        partition_by=LabelEvent.subtomogram_id,
        order_by=preference(LabelEvent.kind, LabelEvent.late, LabelEvent.id),
    )
    ranked = (
        standing_opinions(project_id, up_to_event_id=up_to_event_id)
        .with_only_columns(
            LabelEvent.subtomogram_id,
            LabelEvent.kind,
            LabelEvent.class_id,
            LabelEvent.id.label("event_id"),
            place.label("place"),
        )
        .subquery()
    )
    return (
        select(ranked.c.subtomogram_id, ranked.c.kind, ranked.c.class_id, ranked.c.event_id)
        .where(ranked.c.place == 1)
        .order_by(ranked.c.subtomogram_id)
    )
