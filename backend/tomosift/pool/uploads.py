"""Uploads: files that arrive in chunks or batches in a staging folder, until an import takes them or they expire."""

import fcntl
import io
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.kit.database import utc_now
from tomosift.kit.problems import ProblemError, conflict, invalid, not_found
from tomosift.kit.settings import Settings
from tomosift.pool.archives import read_tar
from tomosift.pool.staged_batch import StagedBatch, explained
from tomosift.pool.upload_paths import checked_path
from tomosift.tables import Job, Upload

LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class StagingFolder:
    """An upload on the disk: `files/` holds what came, `total` how many bytes in all."""

    root: Path

    @property
    def files(self) -> Path:
        """Where the files lie, at the paths they were sent to."""
        return self.root / "files"

    def contents(self) -> Iterator[tuple[str, int]]:
        """Path and size of every file, folder by folder, each by name; one folder's names are in memory at a time."""
        return _walk(self.files, "")

    def delete(self) -> None:
        """Remove it with everything in it."""
        shutil.rmtree(self.root, ignore_errors=True)


def _walk(folder: Path, above: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        found = sorted(
            (each.name, each.is_dir(follow_symlinks=False), each.stat(follow_symlinks=False).st_size)
            for each in entries
            if not each.is_symlink()
        )
    for name, is_folder, size in found:
        if is_folder:
            yield from _walk(folder / name, f"{above}{name}/")
        else:
            yield f"{above}{name}", size


def staging_folder(settings: Settings, upload_id: uuid.UUID) -> StagingFolder:
    """The folder of an upload, in the data folder."""
    return StagingFolder(settings.home / "uploads" / str(upload_id))


def begin_upload(session: Session, project_id: uuid.UUID, user_id: uuid.UUID, settings: Settings) -> Upload:
    """A new, empty upload."""
    upload = Upload(id=uuid.uuid4(), project_id=project_id, user_id=user_id, expires_at=utc_now() + LIFETIME)
    folder = staging_folder(settings, upload.id)
    folder.root.parent.mkdir(mode=0o700, exist_ok=True)
    folder.root.mkdir(mode=0o700)
    folder.files.mkdir(mode=0o700)
    session.add(upload)
    session.flush()
    return upload


def find_upload(session: Session, project_id: uuid.UUID, user_id: uuid.UUID, upload_id: uuid.UUID) -> Upload:
    """The user's own upload, unless used or expired. Raises ProblemError 404."""
    upload = session.get(Upload, upload_id)
    if (
        upload is None
        or upload.project_id != project_id
        or upload.user_id != user_id
        or upload.consumed_at is not None
        or upload.expires_at <= utc_now()
    ):
        raise not_found("upload")
    return upload


def refuse_while_importing(session: Session, upload: Upload) -> None:
    """Raise ProblemError 409 if a job reads or unpacks this upload now."""
    busy = session.scalar(
        select(Job.id).where(
            Job.state.in_(("queued", "running")), Job.payload["upload_id"].as_string() == str(upload.id)
        )
    )
    if busy is not None:
        raise conflict(
            "upload-in-use", "The upload is in use", "It is being imported or unpacked: wait for the end, or cancel it."
        )


def append_chunk(settings: Settings, upload_id: uuid.UUID, path: str, offset: int, chunk: bytes) -> int:
    """Add `chunk` to the file at `path`, which must have `offset` bytes so far, and return its new size.

    Raises ProblemError 409 (with `size`) for another offset, so that a client that lost an answer learns where to
    go on; 413 past the upload's limit; 422 for a path that is not plainly inside the upload.
    """
    folder = staging_folder(settings, upload_id)
    file = folder.files / checked_path(path)
    with locked_total(folder) as total:
        size = file.stat().st_size if file.is_file() else 0
        if size != offset:
            raise conflict(
                "wrong-offset",
                "Not the next chunk",
                f"{size} bytes of {path} are here; go on from there.",
                size=size,
            )
        limit = int(settings.upload_limit_gb * 1e9)
        if total.value + len(chunk) > limit:
            raise too_much(limit)
        total.add(len(chunk))
        _append(folder, file, chunk, path)
    return size + len(chunk)


def receive_batch(settings: Settings, upload_id: uuid.UUID, tar: bytes) -> tuple[int, int]:
    """Put every file of a tar into the upload, whole and durable when this returns; how many, and their bytes.

    Raises ProblemError: 409 for a name that another file has, 413 past the upload's limit, 422 for an archive or a
    path that cannot be taken; no file of the batch is there then.
    """
    folder = staging_folder(settings, upload_id)
    limit = int(settings.upload_limit_gb * 1e9)
    count = size = new = 0
    with locked_total(folder) as total, StagedBatch(folder.root, folder.files) as batch:
        for member in read_tar(io.BytesIO(tar)):
            if member.path in batch.names:
                raise invalid("named-twice", "A file comes twice", f"{str(member.path)[:200]!r} is in the batch twice.")
            new += 0 if batch.is_there(member.path, member.size) else member.size
            if total.value + new > limit:
                raise too_much(limit)
            batch.add(member.path, member.pieces)
            count, size = count + 1, size + member.size
        batch.commit()
        total.add(new)
    return count, size


def discard_upload(session: Session, upload: Upload, settings: Settings) -> None:
    """Delete an upload and its files."""
    session.delete(upload)
    session.flush()
    staging_folder(settings, upload.id).delete()


def remove_dead_uploads(session: Session, settings: Settings) -> int:
    """Delete uploads that expired or were imported, and folders no row knows; return how many."""
    dead = session.scalars(
        select(Upload)
        .where((Upload.expires_at <= utc_now()) | Upload.consumed_at.is_not(None))
        .with_for_update(skip_locked=True)
    ).all()
    for upload in dead:
        discard_upload(session, upload, settings)
    return len(dead)


class _Total:
    """The bytes of an upload, in a locked file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.value = int(os.pread(descriptor, 32, 0) or b"0")

    def add(self, count: int) -> None:
        self.value += count
        os.pwrite(self._descriptor, b"%-20d" % self.value, 0)


@contextmanager
def locked_total(folder: StagingFolder) -> Iterator[_Total]:
    """One writer at a time in an upload, whatever process it is in. Raises ProblemError 404 if the upload is gone."""
    try:
        descriptor = os.open(folder.root / "total", os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError as error:
        raise not_found("upload") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield _Total(descriptor)
    finally:
        os.close(descriptor)


def _append(folder: StagingFolder, file: Path, chunk: bytes, path: str) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Nothing here makes links; refuse to follow one all the same.
        if not file.parent.resolve().is_relative_to(folder.files.resolve()):
            raise invalid("bad-path", "Not a path inside the upload", f"{path[:200]!r} leads out of the upload.")
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "ab") as stream:
            stream.write(chunk)
            stream.flush()
            os.fdatasync(stream.fileno())
    except OSError as error:
        raise explained(error, path) from error


def too_much(limit: int) -> ProblemError:
    """413: an upload would pass its limit in bytes."""
    return ProblemError(
        413,
        "upload-too-large",
        "The upload is too large",
        f"One upload may hold {limit / 1e9:g} GB. Import in parts, let the server read the files from an import "
        "folder, or raise TOMOSIFT_UPLOAD_LIMIT_GB.",
    )
