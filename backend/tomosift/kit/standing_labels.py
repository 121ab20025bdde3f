"""The rule that makes one label of many opinions: one formula for the service and for the cycle that trains on it.

Rule "single": the newest standing opinion counts. An opinion stands until its author undoes it. What a file said (an
importer's opinion) counts only where no person has said anything, a late one (its lease had passed to someone else)
only where no timely one stands, and a skip only where nobody said anything else.
"""

import uuid
from typing import Any

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    delete,
    exists,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from tomosift.tables import CurrentLabel, LabelEvent, User

RULE = "single"


def preference(kind: Any, imported: Any, late: Any, event_id: Any) -> tuple[Any, Any, Any, Any]:
    """The rule itself: of all standing opinions the smallest of these keys is the label.

    Works on the values of one event (a sort key) and on columns (the terms of an ORDER BY) alike. `imported`: an
    importer said it, not a person (`spoken_by_importer`).
    """
    return (kind == "skip", imported, late, -event_id)


def spoken_by_importer() -> ColumnElement[bool]:
    """Whether a `label_event` came with a file: it speaks in the name of an importer, who is no person."""
    return LabelEvent.user_id.in_(select(User.id).where(User.kind == "importer"))


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
    return _standing(up_to_event_id).where(LabelEvent.project_id == project_id)


def _standing(up_to_event_id: int | None = None) -> Select[Any]:
    undo = aliased(LabelEvent)
    undone = exists().where(undo.undoes_event_id == LabelEvent.id)
    if up_to_event_id is not None:
        undone = undone.where(undo.id <= up_to_event_id)
    statement = select(LabelEvent).where(LabelEvent.kind != "undo", ~undone)
    return statement if up_to_event_id is None else statement.where(LabelEvent.id <= up_to_event_id)


def standing_labels(
    project_id: uuid.UUID, *, up_to_event_id: int | None = None
) -> "Select[int, str, uuid.UUID | None, int]":
    """The label of each subtomogram by rule "single": rows `(subtomogram_id, kind, class_id, event_id)`.

    Give `up_to_event_id` (a cycle's `label_snapshot_event_id`) to read the same labels however late one looks.
    """
    place = func.row_number().over(
        partition_by=LabelEvent.subtomogram_id,
        order_by=preference(LabelEvent.kind, spoken_by_importer(), LabelEvent.late, LabelEvent.id),
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


def store_labels(session: Session, project_id: uuid.UUID, subtomogram_ids: Select[tuple[int]]) -> None:
    """Derive and store the labels of many subtomograms at once, where an opinion stands.

    `subtomogram_ids` selects one column. The caller holds the rows of these subtomograms locked.
    """
    ids = subtomogram_ids.cte("ids")
    winner = _winner_of(ids)
    labels = select(
        ids.c[0],
        literal(project_id),
        winner.c.kind,
        winner.c.class_id,
        literal(RULE),
        winner.c.event_id,
        winner.c.opinions,
    ).select_from(ids.join(winner, true()))
    columns = ["subtomogram_id", "project_id", "kind", "class_id", "rule", "event_id", "opinion_count"]
    statement = insert(CurrentLabel).from_select(columns, labels)
    new = {name: statement.excluded[name] for name in columns[2:]} | {"updated_at": func.now()}
    session.execute(statement.on_conflict_do_update(index_elements=["subtomogram_id"], set_=new))


def drop_unspoken_labels(session: Session, subtomogram_ids: Select[tuple[int]]) -> None:
    """Delete the labels of those subtomograms of which no opinion stands any more; for locks see `store_labels`."""
    ids = subtomogram_ids.cte("ids")
    winner = _winner_of(ids)
    unspoken = select(ids.c[0]).select_from(ids.outerjoin(winner, true())).where(winner.c.event_id.is_(None))
    session.execute(
        delete(CurrentLabel).where(CurrentLabel.subtomogram_id.in_(unspoken)),
        execution_options={"synchronize_session": False},
    )


def _winner_of(ids: CTE) -> FromClause:
    """The opinion that is the label of a subtomogram in `ids`, and how many opinions there are; no row for none.

    One look-up a subtomogram, by that alone: while many events are written, statistics are old, and a join or a second
    condition would be planned on them.
    """
    return (
        _standing()
        .where(LabelEvent.subtomogram_id == ids.c[0])
        .with_only_columns(
            LabelEvent.kind,
            LabelEvent.class_id,
            LabelEvent.id.label("event_id"),
            func.count().filter(LabelEvent.kind != "skip").over().label("opinions"),
        )
        .order_by(*preference(LabelEvent.kind, spoken_by_importer(), LabelEvent.late, LabelEvent.id))
        .limit(1)
        .lateral("winner")
    )
