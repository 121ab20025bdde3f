"""What the pool keeps in files for a project, to be deleted with it: volumes, tables, overviews, previews, uploads."""

import uuid

from sqlalchemy import select

from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.pool import previews
from tomosift.pool.attempts import attempt_key
from tomosift.pool.uploads import staging_folder
from tomosift.tables import Job, Source, Tomogram, Upload
from tomosift.volumes.store import VolumeStore


def remove_pool_files(settings: Settings, project_id: uuid.UUID) -> None:
    """Delete them; repeating it is fine as long as the rows that name them are there."""
    with transaction() as session:
        jobs = session.execute(select(Job.id, Job.attempt, Job.result).where(Job.project_id == project_id)).all()
        sources = session.execute(select(Source.id, Source.volumes_key).where(Source.project_id == project_id)).all()
        overviews = session.scalars(
            select(Tomogram.overview_key).where(Tomogram.project_id == project_id, Tomogram.overview_key.is_not(None))
        ).all()
        upload_ids = session.scalars(select(Upload.id).where(Upload.project_id == project_id)).all()
    keys = {str(source.id) for source in sources}
    keys |= {str(attempt_key(job.id, attempt)) for job in jobs for attempt in range(1, job.attempt + 1)}
    keys |= {str(overview).split("/")[1] for overview in overviews}
    replaced = {str(name) for job in jobs for name in (job.result or {}).get("replaced_volumes") or []}
    volumes = VolumeStore(settings.effective_store_url)
    for name in keys | {source.volumes_key for source in sources} | replaced:
        volumes.delete(name)
    artifacts = ArtifactStore(settings.effective_store_url)
    for key in keys:
        for kind in ("sources", "tomograms", "imports"):
            artifacts.delete_prefix(f"{kind}/{key}")
    for job in jobs:
        artifacts.delete_prefix(previews.artifact_prefix(job.id))
    for upload_id in upload_ids:
        staging_folder(settings, upload_id).delete()
