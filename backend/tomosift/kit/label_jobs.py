"""Asking for the job that derives a project's labels anew."""

import uuid
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tomosift.kit.broker import CPU_QUEUE
from tomosift.kit.outbox import post_job
from tomosift.tables import Job

LABELS_TASK = "tomosift.derive_labels"
LABELS_JOB = "labels"
WAIT = timedelta(seconds=5)
"""Decisions that come within this time share one job."""


def post_labels_job(session: Session, project_id: uuid.UUID, delay: timedelta = timedelta()) -> None:
    """Have all labels of the project derived anew."""
    job = Job(project_id=project_id, kind=LABELS_JOB, task=LABELS_TASK, queue=CPU_QUEUE)
    post_job(session, job, delay)


def ask_for_model_labels(session: Session, project_id: uuid.UUID) -> None:
    """Have all labels derived anew in a while, unless a job that has not begun will do it anyway.

    Call it in the transaction that writes an event, which holds the snapshot lock: a job that begins waits for that
    lock, and so never misses the event it was asked for.
    """
    waiting = select(Job.id).where(Job.project_id == project_id, Job.kind == LABELS_JOB, Job.state == "queued").limit(1)
    if session.scalar(waiting) is not None:
        return
    # Of several that saw none waiting, one posts, and the others find its job when they get the lock.
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    session.execute(lock, {"name": f"label-job:{project_id}"})
    if session.scalar(waiting) is None:
        post_labels_job(session, project_id, WAIT)
