"""Unpacking an archive that was uploaded: a job that puts its files into the upload and then deletes the archive.

Files appear whole and in groups that are durable together. A job that was cut off, or asked for again, passes over the
files that are there already.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.orm import Session

from tomosift.kit import job_control
from tomosift.kit.broker import CPU_QUEUE
from tomosift.kit.database import transaction
from tomosift.kit.outbox import post_job
from tomosift.kit.problems import invalid
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.archives import Member, read_archive
from tomosift.pool.staged_batch import StagedBatch
from tomosift.pool.upload_paths import checked_path
from tomosift.pool.uploads import StagingFolder, locked_total, staging_folder, too_much
from tomosift.tables import Job, Upload

UNPACK_TASK = "tomosift.unpack_upload"
GROUP_FILES = 500
GROUP_BYTES = 100_000_000


@dataclass
class _Count:
    files: int = 0
    size: int = 0


def request_unpack(session: Session, upload: Upload, path: str, settings: Settings) -> Job:
    """Post a job that unpacks an uploaded archive. Raises ProblemError 422 unless it is there."""
    archive = staging_folder(settings, upload.id).files / checked_path(path)
    if archive.is_symlink() or not archive.is_file():
        raise invalid("archive-missing", "There is no such archive", f"{path[:200]!r} is not in the upload.")
    job = Job(
        id=uuid.uuid4(),
        project_id=upload.project_id,
        kind="unpack",
        task=UNPACK_TASK,
        queue=CPU_QUEUE,
        created_by=upload.user_id,
        payload={"upload_id": str(upload.id), "path": path},
    )
    post_job(session, job)
    session.refresh(job)
    return job


def run_unpack(job: RunningJob) -> None:
    """Do a claimed unpack job. Raises ProblemError for an archive that cannot be taken; what was unpacked stays."""
    settings = get_settings()
    path = checked_path(job.claim.payload["path"])
    folder = staging_folder(settings, uuid.UUID(job.claim.payload["upload_id"]))
    archive, count = folder.files / path, _Count()
    try:
        size = archive.stat().st_size
        with archive.open("rb") as file:
            members = (each for each in read_archive(file, size) if each.path != path)
            while _unpack_group(folder, members, count, settings):
                job.report("unpack", min(file.tell(), size), size, f"{count.files:,} files")
    except FileNotFoundError as error:
        raise invalid("archive-missing", "There is no such archive", f"{path.name!r} was deleted meanwhile.") from error
    with transaction() as session:
        job_control.write_log(session, job.claim.job_id, f"{count.files:,} files unpacked from {path.name}")
        job_control.finish(
            session,
            job.claim.job_id,
            job.claim.token,
            "succeeded",
            result={"files": count.files, "bytes": count.size},
        )
    with locked_total(folder) as total:
        archive.unlink(missing_ok=True)
        total.add(-size)


def _unpack_group(folder: StagingFolder, members: Iterator[Member], count: _Count, settings: Settings) -> bool:
    """Unpack the next few files; False at the end of the archive."""
    limit = int(settings.upload_limit_gb * 1e9)
    seen = new = 0
    with locked_total(folder) as total, StagedBatch(folder.root, folder.files) as batch:
        for member in islice(members, GROUP_FILES):
            seen += 1
            count.files, count.size = count.files + 1, count.size + member.size
            if member.path in batch.names:
                raise invalid(
                    "named-twice", "A file comes twice", f"{str(member.path)[:200]!r} is in the archive twice."
                )
            if batch.is_there(member.path, member.size):
                continue
            new += member.size
            if total.value + new > limit:
                raise too_much(limit)
            batch.add(member.path, member.pieces)
            if new >= GROUP_BYTES:
                break
        batch.commit()
        total.add(new)
    return seen > 0
