"""Finding the exports of a project and handing out their files, one by one or as one archive."""

import uuid
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from tomosift.exports.attempt_files import MANIFEST, attempt_prefix
from tomosift.exports.requests import EXPORT_KIND
from tomosift.exports.schemas import ExportDetail, ExportedClass, ExportedFile, ExportIn, ExportOut
from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore
from tomosift.kit.database import utc_now
from tomosift.kit.problems import ProblemError, conflict, not_found
from tomosift.tables import Job, User

MOST_LISTED = 1000
PIECE_BYTES = 2**20


def list_exports(
    session: Session, project_id: uuid.UUID, limit: int, before: tuple[datetime, uuid.UUID] | None
) -> Sequence[Job]:
    """Up to `limit` export jobs, newest first, older than `before` (time, id)."""
    query = (
        select(Job)
        .where(Job.project_id == project_id, Job.kind == EXPORT_KIND)
        .order_by(Job.created_at.desc(), Job.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(Job.created_at, Job.id) < tuple_(*before))
    return session.scalars(query).all()


def find_export(session: Session, project_id: uuid.UUID, job_id: uuid.UUID) -> Job:
    """The export job, if it is the project's. Raises ProblemError 404."""
    job = session.get(Job, job_id)
    if job is None or job.project_id != project_id or job.kind != EXPORT_KIND:
        raise not_found("export")
    return job


def makers(session: Session, jobs: Sequence[Job]) -> dict[uuid.UUID | None, str]:
    """Display names of those who asked for the exports, by their id."""
    ids = {job.created_by for job in jobs if job.created_by is not None}
    users = session.execute(select(User.id, User.display_name).where(User.id.in_(ids)))
    return {row.id: row.display_name for row in users}


def export_out(job: Job, keep_days: float, created_by: str | None) -> ExportOut:
    """The wire form of an export."""
    return ExportOut(**_fields(job, keep_days), created_by=created_by)


def export_detail(job: Job, keep_days: float, created_by: str | None, files: Sequence[ExportedFile]) -> ExportDetail:
    """The wire form of an export with the first of its files."""
    result = job.result or {}
    return ExportDetail(
        **_fields(job, keep_days),
        created_by=created_by,
        files=list(files[:MOST_LISTED]),
        classes=[ExportedClass.model_validate(each) for each in result.get("classes", [])],
        manifest_sha256=result.get("manifest_sha256"),
    )


class ExportFiles:
    """The files of an export that has succeeded and is still kept."""

    def __init__(self, store: ArtifactStore, job: Job, keep_days: float) -> None:
        if not is_available(job, keep_days):
            if job.state == "succeeded":
                raise ProblemError(410, "export-expired", "The files are gone", "They were kept a while; export again.")
            raise conflict("export-not-ready", "The export is not ready", f"It is {job.state}; there are no files.")
        self._store = store
        result = job.result or {}
        self._prefix = attempt_prefix(job.id, int(result["attempt"]))
        self._manifest_sha256 = str(result["manifest_sha256"])

    def listed(self) -> list[ExportedFile]:
        """All files, the manifest last. Raises ProblemError 410 if they were deleted."""
        try:
            manifest = self._store.read_json(f"{self._prefix}/{MANIFEST}")
            size = self._store.size(f"{self._prefix}/{MANIFEST}")
        except ArtifactMissing as error:
            raise ProblemError(410, "export-expired", "The files are gone", "Export again.") from error
        files = [ExportedFile.model_validate(each) for each in manifest["files"]]
        return [*files, ExportedFile(path=MANIFEST, bytes=size, sha256=self._manifest_sha256)]

    def key_of(self, path: str) -> str:
        """Where a file lies in the artifact store. Raises ProblemError 404 for one that is not there."""
        key = f"{self._prefix}/{path}"
        try:
            there = self._store.exists(key)
        except ValueError:  # no path that an export can have written
            there = False
        if not there:
            raise not_found("file")
        return key

    def pieces(self, path: str) -> Iterator[bytes]:
        """A file's bytes."""
        with self._store.open_for_reading(self.key_of(path)) as file:
            yield from _pieces(file)

    def archive(self, files: Sequence[ExportedFile]) -> Iterator[bytes]:
        """The files as one ZIP, stored and not compressed, made while it is sent."""
        sink = _Sink()
        with zipfile.ZipFile(cast(BinaryIO, sink), "w", zipfile.ZIP_STORED) as archive:
            for each in files:
                with (
                    self._store.open_for_reading(f"{self._prefix}/{each.path}") as file,
                    archive.open(zipfile.ZipInfo(each.path), "w", force_zip64=each.bytes >= 2**31) as entry,
                ):
                    for piece in _pieces(file):
                        entry.write(piece)
                        yield sink.take()
        yield sink.take()


class _Sink:
    """Where the archive is written to; it cannot seek, so that the archive can be sent as it grows."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece


def _fields(job: Job, keep_days: float) -> dict[str, Any]:
    result = job.result or {}
    return {
        "id": job.id,
        "state": job.state,
        "request": ExportIn.model_validate(job.payload["request"]),
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "expires_at": _expiry(job, keep_days),
        "available": is_available(job, keep_days),
        "particles": result.get("particles"),
        "file_count": result.get("file_count"),
        "bytes": result.get("bytes"),
    }


def _expiry(job: Job, keep_days: float) -> datetime | None:
    return job.finished_at + timedelta(days=keep_days) if job.state == "succeeded" and job.finished_at else None


def is_available(job: Job, keep_days: float) -> bool:
    """Whether the export's files can be fetched."""
    expiry = _expiry(job, keep_days)
    return expiry is not None and expiry > utc_now()
