"""Reading and cancelling the jobs of a project."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from tomosift.kit.job_control import request_cancel
from tomosift.kit.problems import conflict, not_found
from tomosift.pool.schemas import JobDetail, JobLogEntry, JobOut, Progress
from tomosift.tables import Job, JobLogLine

SHOWN_LOG_LINES = 200


def list_jobs(
    session: Session, project_id: uuid.UUID, limit: int, before: tuple[datetime, uuid.UUID] | None
) -> Sequence[Job]:
    """Up to `limit` jobs, newest first, older than `before` (time, id)."""
    query = select(Job).where(Job.project_id == project_id).order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)
    if before is not None:
        query = query.where(tuple_(Job.created_at, Job.id) < tuple_(*before))
    return session.scalars(query).all()


def find_job(session: Session, project_id: uuid.UUID, job_id: uuid.UUID) -> Job:
    """The job, if it is the project's. Raises ProblemError 404."""
    job = session.get(Job, job_id)
    if job is None or job.project_id != project_id:
        raise not_found("job")
    return job


def log_lines(session: Session, job_id: uuid.UUID) -> Sequence[JobLogLine]:
    """The job's last lines, oldest first."""
    newest = session.scalars(
        select(JobLogLine).where(JobLogLine.job_id == job_id).order_by(JobLogLine.id.desc()).limit(SHOWN_LOG_LINES)
    ).all()
    return newest[::-1]


def cancel_job(session: Session, project_id: uuid.UUID, job_id: uuid.UUID) -> Job:
    """Ask a job to stop; a second time changes nothing. Raises ProblemError 404, 409 if it is over."""
    job = find_job(session, project_id, job_id)
    request_cancel(session, job)
    if job.state in ("succeeded", "failed"):
        raise conflict("job-over", "The job is over", f"It has {job.state} already; there is nothing to stop.")
    return job


def job_out(job: Job) -> JobOut:
    """The wire form of a job."""
    return JobOut(**_job_fields(job))


def job_detail(job: Job, log: list[JobLogEntry]) -> JobDetail:
    """The wire form of a job with its log."""
    return JobDetail(**_job_fields(job), log=log)


def _job_fields(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "progress": Progress.model_validate(job.progress) if job.progress else None,
        "problem": job.problem,
        "result": job.result,
        "attempt": job.attempt,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
