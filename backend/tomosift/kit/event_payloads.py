"""What a browser is told of each event, built from the rows at the time of sending (so it is never older than them)."""

import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.tables import CurrentLabel, Cycle, Job, QueueItem

PROBLEM_FIELDS = ("type", "title", "detail")


def event_payload(session: Session, project_id: uuid.UUID, kind: str, details: dict[str, Any]) -> dict[str, Any] | None:
    """The data of one event of kind job, cycle, queue or decision. None: nothing there to tell."""
    builder = _BUILDERS.get(kind)
    return builder(session, project_id, details) if builder else None


def _job(session: Session, project_id: uuid.UUID, details: dict[str, Any]) -> dict[str, Any] | None:
    job = session.get(Job, uuid.UUID(details["job_id"])) if "job_id" in details else None
    if job is None or job.project_id != project_id:
        return None
    problem = {name: job.problem[name] for name in PROBLEM_FIELDS if name in job.problem} if job.problem else None
    return {
        "job": {
            "id": str(job.id),
            "kind": job.kind,
            "state": job.state,
            "progress": job.progress,
            "problem": problem,
        },
        "cycle_number": session.scalar(select(Cycle.number).where(Cycle.job_id == job.id)),
    }


def _cycle(session: Session, project_id: uuid.UUID, _: dict[str, Any]) -> dict[str, Any] | None:
    # One cycle runs at a time, so the newest is the one that moved.
    newest = session.execute(
        select(Cycle.number, Cycle.stage).where(Cycle.project_id == project_id).order_by(Cycle.number.desc()).limit(1)
    ).one_or_none()
    return {"number": newest.number, "stage": newest.stage} if newest else None


def _queue(session: Session, project_id: uuid.UUID, details: dict[str, Any]) -> dict[str, Any]:
    batch = session.scalar(
        select(func.max(QueueItem.batch)).where(QueueItem.project_id == project_id, QueueItem.work == "query")
    )
    return {"cycle_number": batch or None, "reason": str(details.get("reason", "new-batch"))}


def _decision(session: Session, project_id: uuid.UUID, _: dict[str, Any]) -> dict[str, Any]:
    labeled = select(func.count()).where(CurrentLabel.project_id == project_id, CurrentLabel.kind != "skip")
    return {"labeled": session.scalar(labeled) or 0}


_BUILDERS = {"job": _job, "cycle": _cycle, "queue": _queue, "decision": _decision}
