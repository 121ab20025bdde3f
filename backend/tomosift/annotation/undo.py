"""Undo: a further event that takes one's own decision back and asks its question again."""

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.current_labels import opinions_about, store_label
from tomosift.annotation.label_events import hash_payload, lock_subtomogram, write_event, written_once
from tomosift.annotation.queue import Asker, lease_item, tasks_of_leases
from tomosift.annotation.schemas import Task, UndoOut
from tomosift.kit.job_control import announce
from tomosift.kit.problems import conflict, not_found
from tomosift.tables import LabelEvent, QueueItem


def undo_decision(asker: Asker, event_id: int, key: str) -> tuple[UndoOut, bool]:
    """Take back the asker's own decision; True when it is new, False when this key did it before.

    Raises ProblemError: 404 not the asker's, 409 `already-undone`, `cannot-undo-undo`, `key-reused`.
    """
    return written_once(lambda session: _undo(session, asker, event_id, key))


def _undo(session: Session, asker: Asker, event_id: int, key: str) -> tuple[UndoOut, bool]:
    event = session.get(LabelEvent, event_id)
    if event is None or (event.project_id, event.user_id) != (asker.project_id, asker.user_id):
        raise not_found("decision of yours")
    payload_hash = hash_payload(f"undo {event_id}")
    context = lock_subtomogram(session, asker, key, payload_hash, event.subtomogram_id)
    if context.earlier is not None:
        return UndoOut(event_id=context.earlier.id, **context.earlier.response), False
    _check_undoable(session, event)
    task = _ask_again(session, asker, event)
    undo_id = write_event(
        session,
        asker,
        key,
        payload_hash,
        {"task": task.model_dump(mode="json") if task else None},
        subtomogram_id=event.subtomogram_id,
        kind="undo",
        undoes_event_id=event.id,
        class_set_version=context.class_set_version,
        work=event.work,
        queue_item_id=event.queue_item_id,
        cycle_id=event.cycle_id,
    )
    opinions = opinions_about(session, asker.project_id, event.subtomogram_id)
    store_label(session, asker.project_id, event.subtomogram_id, opinions, context.rule)
    announce(session, asker.project_id, "decision")
    return UndoOut(event_id=undo_id, task=task), True


def _check_undoable(session: Session, event: LabelEvent) -> None:
    if event.kind == "undo":
        raise conflict("cannot-undo-undo", "An undo cannot be undone", "Decide the subtomogram again instead.")
    if session.scalar(select(exists().where(LabelEvent.undoes_event_id == event.id))):
        raise conflict("already-undone", "Undone already", "This decision was taken back before; nothing was changed.")


def _ask_again(session: Session, asker: Asker, event: LabelEvent) -> Task | None:
    """Open the question again where this event had closed it, and lease it to the asker if it is free."""
    if event.queue_item_id is None:
        return None
    item_id = event.queue_item_id
    asked = and_(QueueItem.subtomogram_id == event.subtomogram_id, QueueItem.state == "open")
    locked = select(QueueItem).where(or_(QueueItem.id == item_id, asked)).order_by(QueueItem.id).with_for_update()
    item = next(each for each in session.scalars(locked) if each.id == item_id)
    if item.state != "open":
        if event.late or event.kind == "skip":
            return None  # not this event, but somebody's later answer or a newer batch closed it
        session.execute(statements.REOPEN_ITEM, {"item": item_id})
        session.refresh(item, ["state"])
        if item.state != "open":
            return None
    lease_id = lease_item(session, asker, item_id, event.subtomogram_id)
    return tasks_of_leases(session, asker, [lease_id])[0] if lease_id is not None else None
