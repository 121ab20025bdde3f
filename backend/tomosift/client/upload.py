"""Sending a particle list with its volumes to a service, and after a cut from where it stopped.

Small files travel many at a time, packed as tar, large ones in chunks.
"""

import hashlib
import io
import json
import os
import posixpath
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tomosift.client.calls import TRIES, pause_before
from tomosift.client.problems import ApiProblem, NoService
from tomosift.client.sync_client import Tomosift
from tomosift.formats.catalogue import read_particle_list
from tomosift.formats.problem import FormatProblem
from tomosift.kit.contained_paths import ReferenceFinder

CHUNK_BYTES = 8_000_000
SMALLEST_CHUNK_BYTES = 64_000
SMALL_FILE_BYTES = 1_000_000
MOST_NAMED = 50


@dataclass(frozen=True)
class LocalFile:
    """A file on this computer and the path it gets in the upload."""

    path: Path
    remote: str
    size: int


@dataclass(frozen=True)
class ParticleFiles:
    """A list and every file it names; `fingerprint` changes when one of them does."""

    list_remote: str
    files: Sequence[LocalFile]
    fingerprint: str
    tomograms: Mapping[str, Any] | None = None
    """Where the tomograms are in the upload, as an import asks for them."""

    @property
    def total_bytes(self) -> int:
        """Size of all files."""
        return sum(file.size for file in self.files)


class FilesMissing(Exception):
    """Files the list names are not there; `rows` are (row, reference), up to fifty of them."""

    def __init__(self, rows: Sequence[tuple[int, str]]) -> None:
        super().__init__(f"row {rows[0][0]}: {rows[0][1]} is not there")
        self.rows = rows


def gather(path: Path, format: str | None = None) -> ParticleFiles:
    """The files of a list (or folder of volumes), found from its folder upwards, as the server will look for them.

    Raises FormatProblem for a list that cannot be read, FilesMissing for one whose files are not all there.
    """
    try:
        particles = read_particle_list(path, format)
        references = [reference.path for reference in particles.image_references() or ()]
    except OSError as error:
        raise FormatProblem(f"{path} cannot be read ({error.strerror})") from error
    if not references:
        raise FormatProblem(f"{path.name}: {particles.why_no_images}")
    start = path if path.is_dir() else path.parent
    finder = ReferenceFinder(start.resolve(), [Path("/")])
    found = {reference: finder.find(reference) for reference in dict.fromkeys(references)}
    missing = [(row, each) for row, each in enumerate(references, start=1) if found[each] is None]
    if missing:
        raise FilesMissing(missing[:MOST_NAMED])
    if set(found.values()) == {path.resolve()}:  # an OME-Zarr is the list and the volumes at once
        files = files_of(path, path.resolve().name)
        return ParticleFiles(path.resolve().name, files, fingerprint_of(files))
    # A reference may begin with `..`: the list is put that much deeper in the upload, so that none leads outside.
    folder = PurePosixPath(*["list"] * max(_climbs(reference) for reference in found))
    if path.is_dir():
        folder /= path.resolve().name
    list_remote = str(folder if path.is_dir() else folder / path.name)
    files = [] if path.is_dir() else [local_file(path, list_remote)]
    for reference, file in found.items():
        if file is not None:
            files += files_of(file, _remote_path(folder, reference))
    unique = list({file.remote: file for file in files}.values())
    return ParticleFiles(list_remote, unique, fingerprint_of(unique))


def files_of(volume: Path, remote: str) -> list[LocalFile]:
    """A volume's one file, or every file of an OME-Zarr. Links in it are left out: they could lead anywhere."""
    if not volume.is_dir():
        return [local_file(volume, remote)]
    inside = sorted(each for each in volume.rglob("*") if each.is_file() and not each.is_symlink())
    return [local_file(each, f"{remote}/{each.relative_to(volume).as_posix()}") for each in inside]


def single_file(path: Path) -> ParticleFiles:
    """A file that names no others."""
    file = local_file(path, path.name)
    return ParticleFiles(file.remote, [file], fingerprint_of([file]))


def _climbs(reference: str) -> int:
    """How many folders above the list's own a reference leads."""
    return 0 if reference.startswith("/") else posixpath.normpath(reference).split("/").count("..")


def _remote_path(folder: PurePosixPath, reference: str) -> str:
    """Where the server looks for a reference: from the list's folder, or from the top for an absolute path."""
    if reference.startswith("/"):
        return posixpath.normpath(reference).lstrip("/")
    return posixpath.normpath(str(folder / reference))


def local_file(path: Path, remote: str) -> LocalFile:
    """A file as it is now."""
    return LocalFile(path, remote, path.stat().st_size)


def fingerprint_of(files: Sequence[LocalFile]) -> str:
    """Changes when one of these files does."""
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        digest.update(f"{file.remote}\0{file.size}\0{file.path.stat().st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _pack(files: Sequence[LocalFile]) -> bytes:
    """The files as a tar under their remote names. Raises FormatProblem for one that has changed its size."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in files:
            data = file.path.read_bytes()
            if len(data) != file.size:
                raise FormatProblem(f"{file.path.name} changed while it was sent; begin again")
            entry = tarfile.TarInfo(file.remote)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


class ResumableUpload:
    """Sends files, and remembers in `memory` (a JSON file) which upload goes on after an interruption."""

    def __init__(self, client: Tomosift, slug: str, files: ParticleFiles, memory: Path) -> None:
        self.files = files
        self._client, self._slug, self._memory = client, slug, memory
        self._key = f"{client.address.url} {slug} {files.fingerprint}"
        self._chunk_bytes = CHUNK_BYTES

    def run(self, tell: Callable[[int], None]) -> str:
        """Send what is not there yet and return the upload's id; `tell(bytes_sent)` counts from the start.

        Raises ApiProblem; NoService when the connection fails again and again.
        """
        upload_id, sizes = self._resume() or self._begin()
        sent = sum(min(sizes.get(file.remote, 0), file.size) for file in self.files.files)
        tell(sent)
        batched: set[str] = set()
        for batch in self._send_small(upload_id, self._waiting_small(sizes)):
            batched.update(file.remote for file in batch)
            sent += sum(file.size for file in batch)
            tell(sent)
        for file in self.files.files:
            if file.remote not in batched:
                for added in self._send_file(upload_id, file, sizes.get(file.remote)):
                    sent += added
                    tell(sent)
        return upload_id

    def forget(self) -> None:
        """The upload was imported or given up: the next one begins anew."""
        remembered = self._remembered()
        if remembered.pop(self._key, None) is not None:
            self._write(remembered)

    def _resume(self) -> tuple[str, dict[str, int]] | None:
        upload_id = self._remembered().get(self._key)
        if upload_id is None:
            return None
        try:
            there = self._client.pool.read_files(self._slug, upload_id)
            return upload_id, {str(file["path"]): int(file["size"]) for file in there}
        except ApiProblem as problem:
            if problem.status == 404:  # expired, or imported
                return None
            raise

    def _begin(self) -> tuple[str, dict[str, int]]:
        upload_id = str(self._client.pool.create_upload(self._slug).id)
        self._write(self._remembered() | {self._key: upload_id})
        return upload_id, {}

    def _waiting_small(self, sizes: Mapping[str, int]) -> list[LocalFile]:
        """Small files of which nothing is there; one that had begun in chunks goes on in chunks."""
        return [file for file in self.files.files if file.size < SMALL_FILE_BYTES and file.remote not in sizes]

    def _send_small(self, upload_id: str, waiting: Sequence[LocalFile]) -> Iterator[Sequence[LocalFile]]:
        """Send small files in batches of about a chunk; yields each batch that arrived.

        A file that is too large for the service even alone is passed over: it goes in chunks.
        """
        place = 0
        while place < len(waiting):
            end, size = place, 0
            while end < len(waiting) and (end == place or size + waiting[end].size <= self._chunk_bytes):
                size += waiting[end].size
                end += 1
            batch = waiting[place:end]
            arrived = self._send_batch(upload_id, batch)
            if arrived:
                yield batch
            if arrived or len(batch) == 1:
                place = end

    def _send_batch(self, upload_id: str, files: Sequence[LocalFile]) -> bool:
        """Send a batch, with patience. False: it was too large for the service; batches are smaller from now on."""
        tar = _pack(files)
        for attempt in range(TRIES):
            try:
                received = self._client.pool.post_batch(self._slug, upload_id, tar)
            except ApiProblem as problem:
                if problem.kind == "too-large" and (len(files) == 1 or self._chunk_bytes > SMALLEST_CHUNK_BYTES):
                    self._chunk_bytes = max(SMALLEST_CHUNK_BYTES, self._chunk_bytes // 2)
                    return False
                if problem.status < 500 or attempt == TRIES - 1:
                    raise
            except NoService:
                if attempt == TRIES - 1:
                    raise
            else:
                if received.files != len(files):
                    raise FormatProblem(f"the service took {received.files} of {len(files)} files; send them again")
                return True
            time.sleep(pause_before(attempt))
        raise AssertionError("the loop returns or raises")

    def _send_file(self, upload_id: str, file: LocalFile, there: int | None) -> Iterator[int]:
        """Send the rest of a file; yields how many bytes each chunk added."""
        size = there
        while size is None or size < file.size:
            after = self._send_chunk(upload_id, file, size or 0)
            yield after - (size or 0)
            size = after

    def _send_chunk(self, upload_id: str, file: LocalFile, offset: int) -> int:
        """Send the next chunk, with patience, and return the file's size on the server."""
        for attempt in range(TRIES):
            chunk = self._chunk(file, offset)
            try:
                return self._client.pool.put_chunk(self._slug, upload_id, file.remote, chunk, offset=offset).size
            except ApiProblem as problem:
                if problem.kind == "wrong-offset":  # an earlier answer was lost: the service says where it is
                    return int(problem.body["size"])
                if problem.kind == "too-large" and self._chunk_bytes > SMALLEST_CHUNK_BYTES:
                    self._chunk_bytes //= 2
                elif problem.status < 500 or attempt == TRIES - 1:
                    raise
            time.sleep(pause_before(attempt))
        raise AssertionError("the loop returns or raises")

    def _chunk(self, file: LocalFile, offset: int) -> bytes:
        with file.path.open("rb") as source:
            source.seek(offset)
            chunk = source.read(self._chunk_bytes)
        if offset + len(chunk) < file.size and len(chunk) < self._chunk_bytes:
            raise FormatProblem(f"{file.path.name} became shorter while it was sent; begin again")
        return chunk

    def _remembered(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._memory.read_text()))
        except (OSError, ValueError):
            return {}

    def _write(self, remembered: dict[str, str]) -> None:
        self._memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._memory.with_name(f".{self._memory.name}.{os.getpid()}")
        temporary.write_text(json.dumps(remembered, indent=1))
        temporary.replace(self._memory)
