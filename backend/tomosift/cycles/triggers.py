"""What starts a project's cycles by itself: reading and setting it. `due_cycles` acts on it."""

import uuid

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tomosift.cycles.cycle_settings import resolve_settings
from tomosift.cycles.trigger_schemas import Triggers, TriggersIn
from tomosift.cycles.trigger_times import next_moment, time_zone
from tomosift.kit.database import utc_now
from tomosift.kit.worker_nodes import newest_catalogue
from tomosift.projects.lifecycle import project_settings
from tomosift.tables import Cycle, CycleTrigger, Project, User

# Labels made of opinions that came after the newest cycle's snapshot. A corrected label is one of them: no cycle has
# seen it. Found by the index on the event; what a failed cycle would have seen counts as unseen.
_NEW_LABELS = text("""
    SELECT count(*) FROM current_label l
    WHERE l.project_id = :project AND l.kind IN ('class', 'junk') AND l.event_id > :seen
      AND NOT EXISTS (SELECT 1 FROM evaluation_item e WHERE e.subtomogram_id = l.subtomogram_id)
""")


def read_triggers(session: Session, project_id: uuid.UUID) -> Triggers:
    """What is set, and how things stand."""
    row = session.execute(
        select(CycleTrigger, User.display_name)
        .outerjoin(User, User.id == CycleTrigger.set_by)
        .where(CycleTrigger.project_id == project_id)
    ).one_or_none()
    new_labels = labels_unseen(session, project_id)
    if row is None:
        return Triggers(
            paused_at=None, pause_reason=None, new_labels=new_labels, next_night=None, set_by=None, set_at=None
        )
    trigger: CycleTrigger = row.CycleTrigger
    night = trigger.nightly_at
    return Triggers(
        after_labels=trigger.after_labels,
        nightly_at=night,
        time_zone=trigger.time_zone,
        settings=trigger.settings,
        paused_at=trigger.paused_at,
        pause_reason=trigger.pause_reason,
        new_labels=new_labels,
        next_night=None if night is None else next_moment(night, time_zone(trigger.time_zone), utc_now()),
        set_by=row.display_name,
        set_at=trigger.set_at,
    )


def set_triggers(session: Session, project_id: uuid.UUID, user_id: uuid.UUID, wanted: TriggersIn) -> None:
    """Replace what is set. Raises ProblemError 422 for settings that cannot be, or an unknown time zone."""
    time_zone(wanted.time_zone)
    project = session.get_one(Project, project_id)
    resolve_settings(wanted.settings, newest_catalogue(session), project_settings(project).batch_size)
    values = {
        **wanted.model_dump(),
        "night": None,
        "paused_at": None,
        "pause_reason": None,
        "set_by": user_id,
        "set_at": utc_now(),
    }
    session.execute(
        insert(CycleTrigger)
        .values(project_id=project_id, **values)
        .on_conflict_do_update(index_elements=["project_id"], set_=values)
    )


def labels_unseen(session: Session, project_id: uuid.UUID) -> int:
    """How many training labels came after the snapshot of the newest cycle, failed ones left out."""
    seen = session.scalar(
        select(func.max(Cycle.label_snapshot_event_id)).where(Cycle.project_id == project_id, Cycle.stage != "failed")
    )
    return session.scalar(_NEW_LABELS, {"project": project_id, "seen": seen or 0}) or 0
