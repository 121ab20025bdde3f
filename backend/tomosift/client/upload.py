"""Sending a particle list with its volumes to a service: in chunks, and after a cut from where it stopped."""

import hashlib
import json
import os
import posixpath
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx

from tomosift.client.rest import TRIES, ApiProblem, Client, no_answer
from tomosift.formats.problem import FormatProblem
from tomosift.formats.star import read_particle_star
from tomosift.kit.contained_paths import ReferenceFinder

CHUNK_BYTES = 8_000_000
SMALLEST_CHUNK_BYTES = 64_000
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

    @property
    def total_bytes(self) -> int:
        """Size of all files."""
        return sum(file.size for file in self.files)


class FilesMissing(Exception):
    """Files the list names are not there; `rows` are (row, reference), up to fifty of them."""

    def __init__(self, rows: Sequence[tuple[int, str]]) -> None:
        super().__init__(f"row {rows[0][0]}: {rows[0][1]} is not there")
        self.rows = rows


def gather(star: Path) -> ParticleFiles:
    """The list's files, found from its folder upwards, as the server will look for them.

    Raises FormatProblem for a list that cannot be read, FilesMissing for one whose files are not all there.
    """
    try:
        table = read_particle_star(star)
        references = [reference.path for reference in table.image_references() or ()]
    except OSError as error:
        raise FormatProblem(f"{star} cannot be read ({error.strerror})") from error
    if not references:
        raise FormatProblem(f"{star.name}: {table.why_no_images}")
    finder = ReferenceFinder(star.resolve().parent, [Path("/")])
    found = {reference: finder.find(reference) for reference in dict.fromkeys(references)}
    missing = [(row, each) for row, each in enumerate(references, start=1) if found[each] is None]
    if missing:
        raise FilesMissing(missing[:MOST_NAMED])
    # A reference may begin with `..`: the list is put that much deeper in the upload, so that none leads outside.
    folder = PurePosixPath(*["list"] * max(_climbs(reference) for reference in found))
    files = [_local_file(star, str(folder / star.name))]
    files += [_local_file(path, _remote_path(folder, reference)) for reference, path in found.items() if path]
    unique = list({file.remote: file for file in files}.values())
    return ParticleFiles(files[0].remote, unique, _fingerprint(unique))


def _climbs(reference: str) -> int:
    """How many folders above the list's own a reference leads."""
    return 0 if reference.startswith("/") else posixpath.normpath(reference).split("/").count("..")


def _remote_path(folder: PurePosixPath, reference: str) -> str:
    """Where the server looks for a reference: from the list's folder, or from the top for an absolute path."""
    if reference.startswith("/"):
        return posixpath.normpath(reference).lstrip("/")
    return posixpath.normpath(str(folder / reference))


def _local_file(path: Path, remote: str) -> LocalFile:
    return LocalFile(path, remote, path.stat().st_size)


def _fingerprint(files: Sequence[LocalFile]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        digest.update(f"{file.remote}\0{file.size}\0{file.path.stat().st_mtime_ns}\0".encode())
    return digest.hexdigest()


class ResumableUpload:
    """Sends files, and remembers in `memory` (a JSON file) which upload goes on after an interruption."""

    def __init__(self, client: Client, slug: str, files: ParticleFiles, memory: Path) -> None:
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
        for file in self.files.files:
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
            contents = self._client.get(f"/projects/{self._slug}/uploads/{upload_id}")
        except ApiProblem as problem:
            if problem.status == 404:  # expired, or imported
                return None
            raise
        return upload_id, {file["path"]: int(file["size"]) for file in contents["files"]}

    def _begin(self) -> tuple[str, dict[str, int]]:
        upload_id = str(self._client.post(f"/projects/{self._slug}/uploads")["id"])
        self._write(self._remembered() | {self._key: upload_id})
        return upload_id, {}

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
            try:
                return self._client.put_chunk(self._slug, upload_id, file.remote, offset, self._chunk(file, offset))
            except ApiProblem as problem:
                if problem.kind == "wrong-offset":  # an earlier answer was lost: the service says where it is
                    return int(problem.body["size"])
                if problem.kind == "too-large" and self._chunk_bytes > SMALLEST_CHUNK_BYTES:
                    self._chunk_bytes //= 2
                elif problem.status < 500 or attempt == TRIES - 1:
                    raise
            except httpx.TransportError as error:
                if attempt == TRIES - 1:
                    raise no_answer(self._client.address.url, error) from error
            time.sleep(min(4.0, 0.1 * 2**attempt))
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
