"""What exports keep in files for a project, to be deleted with it."""

import uuid

from sqlalchemy import select

from tomosift.exports.requests import EXPORT_KIND
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import Job


def remove_export_files(settings: Settings, project_id: uuid.UUID) -> None:
    """Delete the files of every export of the project."""
    with transaction() as session:
        jobs = session.scalars(select(Job.id).where(Job.project_id == project_id, Job.kind == EXPORT_KIND)).all()
    artifacts = ArtifactStore(settings.effective_store_url)
    for job_id in jobs:
        artifacts.delete_prefix(f"exports/{job_id}")
