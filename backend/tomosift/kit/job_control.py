"""The life of a job, kept in Postgres: claim, heartbeat, log, finish, cancel, and the reaper.

A claim is one UPDATE that gives the job a new fencing token. Every later write names that token; a write with an older
token changes nothing and raises `FencedOff`, so a worker that was given up for dead can do no harm when it wakes.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from tomosift.kit.database import notify, utc_now
from tomosift.kit.outbox import post_message
from tomosift.kit.webhook_events import tell_of_job
from tomosift.tables import Cycle, Job, JobLogLine

EVENTS_CHANNEL = "tomosift_events"
LEASE = timedelta(seconds=15)
FINISHED_STATES = ("succeeded", "failed", "cancelled")
WORKER_STOPPED = "the worker stopped; the job goes on when a worker is there again"


class FencedOff(RuntimeError):
    """Another attempt holds this job now; stop and write nothing."""


class Cancelled(RuntimeError):
    """Someone asked for this job to stop."""


@dataclass(frozen=True)
class Claim:
    """A job taken by this worker: its id, the attempt's number (from 1) and the fencing token."""

    job_id: uuid.UUID
    attempt: int
    token: int
    payload: dict[str, Any]


def claim(session: Session, job_id: uuid.UUID, worker: str) -> Claim | None:
    """Take a queued job, or a running one whose lease has passed. None: someone else has it, or it is over."""
    now = utc_now()
    row = session.execute(
        update(Job)
        .where(
            Job.id == job_id,
            or_(Job.state == "queued", and_(Job.state == "running", Job.lease_expires_at < now)),
            Job.cancel_requested_at.is_(None),
        )
        .values(
            state="running",
            attempt=Job.attempt + 1,
            fencing_token=Job.fencing_token + 1,
            worker=worker,
            heartbeat_at=now,
            lease_expires_at=now + LEASE,
            started_at=func.coalesce(Job.started_at, now),
        )
        .returning(Job.attempt, Job.fencing_token, Job.payload)
    ).one_or_none()
    if row is None:
        return None
    announce_job(session, job_id)
    return Claim(job_id, row.attempt, row.fencing_token, row.payload)


def _held(job_id: uuid.UUID, token: int) -> Any:
    return and_(Job.id == job_id, Job.fencing_token == token, Job.state == "running")


def hold(session: Session, job_id: uuid.UUID, token: int) -> Job:
    """Lock the job's row for the rest of this transaction, if this token still holds it.

    A task calls it first in each transaction that writes results. Raises `FencedOff`.
    """
    job = session.scalars(select(Job).where(_held(job_id, token)).with_for_update()).one_or_none()
    if job is None:
        raise FencedOff(f"job {job_id} is no longer held by token {token}")
    return job


def heartbeat(session: Session, job_id: uuid.UUID, token: int) -> bool:
    """Renew the lease; True when someone asked for a cancel. Raises `FencedOff`."""
    now = utc_now()
    row = session.execute(
        update(Job)
        .where(_held(job_id, token))
        .values(heartbeat_at=now, lease_expires_at=now + LEASE)
        .returning(Job.cancel_requested_at)
    ).one_or_none()
    if row is None:
        raise FencedOff(f"job {job_id} is no longer held by token {token}")
    return row.cancel_requested_at is not None


def report_progress(session: Session, job_id: uuid.UUID, token: int, progress: dict[str, Any]) -> None:
    """Store `{stage, done, total, rate, eta_seconds, message}` and tell the browsers. Raises `FencedOff`."""
    changed = session.execute(
        update(Job).where(_held(job_id, token)).values(progress=progress).returning(Job.id)
    ).one_or_none()
    if changed is None:
        raise FencedOff(f"job {job_id} is no longer held by token {token}")
    announce_job(session, job_id)


def write_log(session: Session, job_id: uuid.UUID, message: str, level: str = "info") -> None:
    """Add a line for people to the job's log."""
    session.add(JobLogLine(job_id=job_id, level=level, message=message))


def finish(
    session: Session,
    job_id: uuid.UUID,
    token: int,
    state: str,
    *,
    result: dict[str, Any] | None = None,
    problem: dict[str, Any] | None = None,
) -> None:
    """End a held job as `succeeded`, `failed` (with a problem object) or `cancelled`. Raises `FencedOff`."""
    if state not in FINISHED_STATES:
        raise ValueError(f"a job ends as one of {FINISHED_STATES}, not {state!r}")
    job = hold(session, job_id, token)
    job.state, job.result, job.problem = state, result, problem
    job.finished_at, job.lease_expires_at = utc_now(), None
    _close(session, job)
    announce_job(session, job_id)


def request_cancel(session: Session, job: Job) -> None:
    """Ask for a stop: a queued job ends at once, a running one is stopped by its worker within seconds."""
    session.refresh(job, with_for_update=True)
    if job.state in FINISHED_STATES:
        return
    job.cancel_requested_at = job.cancel_requested_at or utc_now()
    if job.state == "queued":
        job.state, job.finished_at = "cancelled", utc_now()
        _close(session, job)
    announce_job(session, job.id)


def give_back(session: Session, job_id: uuid.UUID, token: int, why: str = WORKER_STOPPED) -> None:
    """Put a held job back into the queue, mostly because this program stops; the next attempt goes on from its
    checkpoint."""
    job = hold(session, job_id, token)
    _requeue(session, job, why)


def reap_lost_jobs(session: Session) -> int:
    """Put running jobs whose lease has passed back into the queue (or end them) and return how many.

    A job that was lost `max_attempts` times ends as failed: it probably kills its worker each time.
    """
    lost = session.scalars(
        select(Job)
        .where(Job.state == "running", Job.lease_expires_at < utc_now())
        .order_by(Job.created_at)
        .with_for_update(skip_locked=True)
    ).all()
    for job in lost:
        if job.cancel_requested_at is not None:
            job.state, job.finished_at, job.fencing_token = "cancelled", utc_now(), job.fencing_token + 1
            _close(session, job)
            announce_job(session, job.id)
        elif job.attempt >= job.max_attempts:
            job.state, job.finished_at, job.fencing_token = "failed", utc_now(), job.fencing_token + 1
            job.problem = {
                "type": "urn:tomosift:problem:worker-lost",
                "title": "The worker was lost too often",
                "detail": f"The worker stopped {job.attempt} times during this job. Look at the worker's log for the "
                "reason (often too little memory), then start it again with a smaller batch size or network.",
            }
            _close(session, job)
            announce_job(session, job.id)
        else:
            _requeue(session, job, f"attempt {job.attempt} was lost (no heartbeat); trying again")
    return len(lost)


def resend_forgotten_jobs(session: Session, older_than: timedelta = timedelta(minutes=2)) -> int:
    """Send queued jobs again whose message was lost (the broker was emptied, say) and return how many."""
    now = utc_now()
    forgotten = session.scalars(
        select(Job)
        .where(
            Job.state == "queued",
            Job.created_at < now - older_than,
            or_(Job.heartbeat_at.is_(None), Job.heartbeat_at < now - older_than),
        )
        .with_for_update(skip_locked=True)
    ).all()
    for job in forgotten:
        job.heartbeat_at = now  # so that the same job is not sent again before `older_than` has passed
        post_message(session, job.task, job.queue, {"job_id": str(job.id)})
    return len(forgotten)


def _requeue(session: Session, job: Job, why: str) -> None:
    # A new token fences the old attempt off at once, not only when the next one claims the job.
    job.state, job.lease_expires_at, job.fencing_token = "queued", None, job.fencing_token + 1
    write_log(session, job.id, why, "warning")
    post_message(session, job.task, job.queue, {"job_id": str(job.id)})
    announce_job(session, job.id)


def _close(session: Session, job: Job) -> None:
    """What goes with the end of a job: a cycle ends with it, so that the project is free; webhooks are told."""
    tell_of_job(session, job)
    if job.state in ("failed", "cancelled"):
        session.execute(
            update(Cycle)
            .where(Cycle.job_id == job.id, Cycle.stage != "ready")
            .values(stage=job.state, finished_at=utc_now())
        )


def announce_job(session: Session, job_id: uuid.UUID) -> None:
    """Tell listening browsers, when this transaction commits, that a job has changed."""
    project_id = session.scalar(select(Job.project_id).where(Job.id == job_id))
    announce(session, project_id, "job", job_id=str(job_id))


def announce(session: Session, project_id: uuid.UUID | None, kind: str, **details: Any) -> None:
    """Send an event (job, cycle, queue, decision) to the browsers of a project when this transaction commits."""
    notify(session, EVENTS_CHANNEL, event_message(project_id, kind, **details))


def event_message(project_id: uuid.UUID | None, kind: str, **details: Any) -> str:
    """The payload of such an event, for a statement that sends it together with what it writes."""
    return json.dumps({"project_id": str(project_id) if project_id else None, "kind": kind, **details})
