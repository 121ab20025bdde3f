"""Starting the cycles that are due, from the service's periodic work.

Everything is decided by rows, and a launch commits together with what says that it was made: a process killed at any
point leaves either nothing or the whole, and the next look goes on from there. Of two looks at once one takes a
project's row, and the other passes it by; the tables themselves let one cycle run in a project.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tomosift.cycles.launch import Launcher, launch_cycle
from tomosift.cycles.trigger_times import LATEST, last_moment, time_zone
from tomosift.cycles.triggers import labels_unseen
from tomosift.kit.audit import SYSTEM, record
from tomosift.kit.database import utc_now
from tomosift.kit.job_control import announce
from tomosift.kit.launch_readiness import ACTIVE_STAGES
from tomosift.kit.problems import ProblemError
from tomosift.tables import Cycle, CycleTrigger, Job, Project

EVERY_SECONDS = 10.0
NOT_YET = ("cycle-running", "too-few-labels")
"""Refusals that pass by themselves: the trigger asks again at the next look."""


@dataclass(frozen=True)
class _Due:
    launcher: Launcher
    night: datetime | None


def start_due_cycles(session: Session) -> int:
    """Launch what is due now, and pause the triggers of projects whose newest cycle failed. Returns how many began."""
    rows = session.execute(
        select(CycleTrigger, Project)
        .join(Project, Project.id == CycleTrigger.project_id)
        .where(
            CycleTrigger.paused_at.is_(None),
            or_(CycleTrigger.after_labels.is_not(None), CycleTrigger.nightly_at.is_not(None)),
            Project.delete_after.is_(None),
            Project.archived_at.is_(None),
        )
        .order_by(CycleTrigger.project_id)
        .with_for_update(of=CycleTrigger, skip_locked=True)
    ).all()
    return sum(_try(session, row.CycleTrigger, row.Project) for row in rows)


def _try(session: Session, trigger: CycleTrigger, project: Project) -> bool:
    """Look at one project; what goes wrong in it stops neither the others nor the service's other periodic work."""
    try:
        with session.begin_nested():
            return _look_at(session, trigger, project)
    except ProblemError as error:
        if error.kind not in NOT_YET:
            _pause(session, trigger, project, f"A cycle could not be launched: {error.detail}")
        return False


def _look_at(session: Session, trigger: CycleTrigger, project: Project) -> bool:
    newest = session.execute(
        select(Cycle.number, Cycle.stage, Cycle.finished_at, Job.problem)
        .join(Job, Job.id == Cycle.job_id)
        .where(Cycle.project_id == project.id)
        .order_by(Cycle.number.desc())
        .limit(1)
    ).one_or_none()
    if newest is not None and newest.stage in ACTIVE_STAGES:
        return False
    if newest is not None and newest.stage == "failed" and newest.finished_at > trigger.set_at:
        why = (newest.problem or {}).get("title", "It ended with an error")
        _pause(session, trigger, project, f"Cycle {newest.number} failed: {why}.")
        return False
    due = _due(session, trigger)
    if due is None:
        return False
    cycle = launch_cycle(session, project.id, due.launcher, trigger.settings)
    if due.night is not None:
        trigger.night = due.night
    why = due.launcher.reason
    record(session, SYSTEM, "cycle.launched", f"cycle {cycle.number}", project, settings=trigger.settings, reason=why)
    return True


def _due(session: Session, trigger: CycleTrigger) -> _Due | None:
    unseen = labels_unseen(session, trigger.project_id)
    labels = f"{unseen:,} new label{'s' if unseen != 1 else ''}"
    night = _night(trigger)
    if trigger.after_labels is not None and unseen >= trigger.after_labels:
        return _Due(Launcher(trigger.set_by, f"Started after {labels}", "labels"), night)
    if night is None:
        return None
    if unseen == 0:  # nothing that the cycle before has not seen: this night is left out
        trigger.night = night
        return None
    reason = f"Started at {trigger.nightly_at} ({trigger.time_zone}) with {labels}"
    return _Due(Launcher(trigger.set_by, reason, "nightly"), night)


def _night(trigger: CycleTrigger) -> datetime | None:
    """The night that is to be begun now, if there is one."""
    if trigger.nightly_at is None:
        return None
    now = utc_now()
    moment = last_moment(trigger.nightly_at, time_zone(trigger.time_zone), now)
    is_done = moment <= max(trigger.set_at, trigger.night or trigger.set_at)
    return None if is_done or now - moment > LATEST else moment


def _pause(session: Session, trigger: CycleTrigger, project: Project, why: str) -> None:
    trigger.paused_at, trigger.pause_reason = utc_now(), why
    record(session, SYSTEM, "cycle-trigger.paused", "what starts cycles", project, reason=why)
    announce(session, project.id, "cycle")
