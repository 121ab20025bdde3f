"""Asking for an export: what cannot work is refused here, the work is a job."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.exports.predictions import find_cycle
from tomosift.exports.schemas import ExportIn
from tomosift.kit.broker import CPU_QUEUE
from tomosift.kit.outbox import post_job
from tomosift.kit.problems import conflict
from tomosift.tables import Job, Source

EXPORT_TASK = "tomosift.export_particles"
EXPORT_KIND = "export"


def request_export(session: Session, project_id: uuid.UUID, user_id: uuid.UUID | None, wanted: ExportIn) -> Job:
    """Post an export job. Raises ProblemError 409 for an empty project, 404 or 409 for a cycle without predictions."""
    if not session.scalar(select(func.count()).select_from(Source).where(Source.project_id == project_id)):
        raise conflict("nothing-imported", "There is nothing to export", "Import a particle list first.")
    find_cycle(session, project_id, wanted.cycle)
    job = Job(
        id=uuid.uuid4(),
        project_id=project_id,
        kind=EXPORT_KIND,
        task=EXPORT_TASK,
        queue=CPU_QUEUE,
        created_by=user_id,
        payload={"request": wanted.model_dump(mode="json")},
    )
    post_job(session, job)
    session.refresh(job)
    return job
