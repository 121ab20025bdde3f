"""Previews of imports as they are kept: found by their job, with sample volumes, for a day."""

import uuid
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.job_control import FINISHED_STATES
from tomosift.kit.problems import not_found
from tomosift.kit.settings import Settings
from tomosift.pool.import_schemas import ImportPreview
from tomosift.tables import Job

KEPT_FOR = timedelta(days=1)


def artifact_prefix(job_id: uuid.UUID) -> str:
    """Where a preview's sample volumes lie."""
    return f"previews/{job_id}"


def find_preview(session: Session, project_id: uuid.UUID, slug: str, job_id: uuid.UUID) -> ImportPreview:
    """What a preview job found. Raises ProblemError 404, also while the job has not succeeded."""
    job = session.get(Job, job_id)
    if job is None or job.project_id != project_id or job.kind != "preview" or job.state != "succeeded":
        raise not_found("preview")
    assert job.result is not None  # a job that succeeded has one
    found = dict(job.result)
    base = f"/api/v1/projects/{slug}/imports/previews/{job_id}/samples"
    samples = [{**sample, "volume_url": f"{base}/{sample['number']}"} for sample in found["samples"]]
    return ImportPreview.model_validate({**found, "samples": samples})


def write_sample(store: ArtifactStore, job_id: uuid.UUID, number: int, volume: NDArray[np.float32]) -> None:
    """Keep a sample volume `(z, y, x)`."""
    store.write_tensors(f"{artifact_prefix(job_id)}/{number}.safetensors", {"volume": volume})


def read_sample(settings: Settings, job_id: uuid.UUID, number: int) -> NDArray[np.float32]:
    """A sample volume `(z, y, x)`. Raises ProblemError 404."""
    store = ArtifactStore(settings.effective_store_url)
    try:
        return np.asarray(store.read_tensors(f"{artifact_prefix(job_id)}/{number}.safetensors")["volume"], np.float32)
    except ArtifactMissing as error:
        raise not_found("sample") from error


def remove_old_previews(settings: Settings) -> None:
    """Delete previews that ended more than a day ago, with their jobs."""
    with transaction() as session:
        old = session.scalars(
            select(Job)
            .where(Job.kind == "preview", Job.state.in_(FINISHED_STATES), Job.finished_at < utc_now() - KEPT_FOR)
            .with_for_update(skip_locked=True)
        ).all()
        for job in old:
            ArtifactStore(settings.effective_store_url).delete_prefix(artifact_prefix(job.id))
            session.delete(job)
