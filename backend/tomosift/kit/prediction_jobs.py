"""Asking for the job that puts what the serving model says into rows."""

import uuid

from sqlalchemy.orm import Session

from tomosift.kit.broker import CPU_QUEUE
from tomosift.kit.outbox import post_job
from tomosift.tables import Job

PREDICTIONS_TASK = "tomosift.store_predictions"
PREDICTIONS_JOB = "predictions"


def post_predictions_job(session: Session, project_id: uuid.UUID) -> None:
    """Have `prediction` hold the rows of the cycle that serves. Call it in the transaction that changes which does."""
    post_job(session, Job(project_id=project_id, kind=PREDICTIONS_JOB, task=PREDICTIONS_TASK, queue=CPU_QUEUE))
