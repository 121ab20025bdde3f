"""What an attempt of an import writes before it is published, how the next attempt takes it over, who deletes it."""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.job_control import FINISHED_STATES
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle, Job, Source, Tomogram
from tomosift.volumes.store import VolumeArray, VolumeStore
from tomosift.volumes.trusted_metadata import VolumeStoreProblem

logger = logging.getLogger(__name__)

SWEEP_BACK = timedelta(days=30)
_HASH_DIGITS = 32


def attempt_key(job_id: uuid.UUID, attempt: int) -> uuid.UUID:
    """Names what an attempt writes, and its source: known to later attempts, so that they can go on or clear up."""
    return uuid.uuid5(job_id, str(attempt))


class ImportAttempt:
    """The files of one attempt."""

    def __init__(self, settings: Settings, job_id: uuid.UUID, attempt: int) -> None:
        self.key = attempt_key(job_id, attempt)
        self._settings, self._job_id, self._attempt = settings, job_id, attempt
        self._volumes = VolumeStore(settings.effective_store_url)
        self._artifacts = ArtifactStore(settings.effective_store_url)

    @property
    def table_key(self) -> str:
        """Where the source's table goes."""
        return f"sources/{self.key}/table.parquet"

    def overview_key(self, number: int) -> str:
        """Where a tomogram's overview goes."""
        return f"tomograms/{self.key}/{number}.safetensors"

    def begin(self, fingerprint: str, names: Sequence[str]) -> None:
        """Note which arrays this attempt will fill, take over what an earlier one with the same fingerprint has
        finished, and delete the rest of the earlier ones."""
        self._artifacts.write_json(_plan_key(self.key), {"fingerprint": fingerprint, "arrays": list(names)})
        for attempt in range(self._attempt - 1, 0, -1):
            old = attempt_key(self._job_id, attempt)
            plan = _read_plan(self._artifacts, old)
            if plan.get("fingerprint") != fingerprint:
                continue
            for number, (old_name, name) in enumerate(zip(plan["arrays"], names, strict=True)):
                self._adopt(old, old_name, name, number)
        remove_leftovers(self._settings, self._job_id, before_attempt=self._attempt)

    def array(self, name: str, n: int, box: int, voxel_size: float) -> VolumeArray:
        """The array `name`, made unless it was taken over."""
        return self._volumes.create(name, n, box, voxel_size)

    def records(self, number: int, array: VolumeArray) -> "StoredRecords":
        """The finished blocks of array `number`."""
        return StoredRecords(self._artifacts, f"imports/{self.key}", number, array)

    def published(self) -> None:
        """What was only there to go on from is not needed any more."""
        self._artifacts.delete_prefix(f"imports/{self.key}")

    def discard(self) -> None:
        """Delete all of it, unless it was published after all."""
        _delete_unless_published(self._settings, self.key)

    def _adopt(self, old: uuid.UUID, old_name: str, name: str, number: int) -> None:
        try:
            if not self._volumes.adopt(old_name, name):
                return
            array = self._volumes.open(name)
        except VolumeStoreProblem:  # another attempt's was taken over already
            return
        theirs = StoredRecords(self._artifacts, f"imports/{old}", number, array)
        ours = self.records(number, array)
        for block in array.blocks():
            hashes = theirs.find(block.start)
            if hashes is not None:
                ours.keep(block.start, hashes)


class StoredRecords:
    """The content hashes of the blocks that are in an array for good, one small artifact a block.

    A record is written after its block is on the disk, so a block without one counts as missing.
    """

    def __init__(self, artifacts: ArtifactStore, prefix: str, number: int, array: VolumeArray) -> None:
        self._artifacts, self._prefix, self._number, self._array = artifacts, prefix, number, array

    def find(self, start: int) -> Sequence[str] | None:
        """The hashes of the block that begins at `start`; None if it is not there."""
        try:
            text = self._artifacts.read_bytes(self._key(start)).decode("ascii")
        except ArtifactMissing:
            return None
        hashes = [text[place : place + _HASH_DIGITS] for place in range(0, len(text), _HASH_DIGITS)]
        return hashes if self._array.has_block(start) else None

    def keep(self, start: int, hashes: Sequence[str]) -> None:
        """The block that begins at `start` is on the disk."""
        self._artifacts.write_bytes(self._key(start), "".join(hashes).encode("ascii"))

    def count(self) -> int:
        """How many cubes are there for good."""
        return sum(len(block) for block in self._array.blocks() if self.find(block.start) is not None)

    def _key(self, start: int) -> str:
        return f"{self._prefix}/{self._number}-{start}"


def remove_leftovers(settings: Settings, job_id: uuid.UUID, before_attempt: int) -> None:
    """Delete what earlier attempts of a job left behind."""
    for attempt in range(1, before_attempt):
        _delete_unless_published(settings, attempt_key(job_id, attempt))


def sweep_finished_imports(settings: Settings) -> None:
    """Clear up after imports that are over: attempts whose worker died, and voxels that an import replaced."""
    with transaction() as session:
        over = session.execute(
            select(Job.id, Job.attempt).where(
                Job.kind == "import",
                Job.state.in_(FINISHED_STATES),
                Job.attempt > 0,
                Job.finished_at > utc_now() - SWEEP_BACK,
            )
        ).all()
    for job_id, attempt in over:
        remove_leftovers(settings, job_id, before_attempt=attempt + 1)
    remove_replaced_volumes(settings)


def remove_replaced_volumes(settings: Settings) -> None:
    """Delete arrays that imports replaced, except where a cycle that may still read them is not over."""
    with transaction() as session:
        busy = select(Cycle.project_id).join(Job, Job.id == Cycle.job_id).where(Job.state.not_in(FINISHED_STATES))
        replaced = session.scalars(
            select(Job.result["replaced_volumes"]).where(
                Job.kind == "import",
                Job.state == "succeeded",
                Job.result.has_key("replaced_volumes"),
                Job.finished_at > utc_now() - SWEEP_BACK,
                Job.project_id.not_in(busy),
            )
        ).all()
        names = {str(name) for each in replaced for name in each or []}
        names -= set(session.scalars(select(Source.volumes_key).where(Source.volumes_key.in_(names))))
    store = VolumeStore(settings.effective_store_url)
    for name in names:
        store.delete(name)


def _delete_unless_published(settings: Settings, key: uuid.UUID) -> None:
    """Delete an attempt's files. A commit whose answer was lost may have published them: ask first."""
    artifacts = ArtifactStore(settings.effective_store_url)
    names = [str(key), *_read_plan(artifacts, key).get("arrays", [])]
    try:
        with transaction() as session:
            counts = session.scalar(
                select(Source.id).where(or_(Source.id == key, Source.volumes_key.in_(names))).limit(1)
            )
            shown = session.scalar(
                select(Tomogram.id).where(Tomogram.overview_key.startswith(f"tomograms/{key}/")).limit(1)
            )
    except SQLAlchemyError:
        logger.warning("attempt %s is left in the store for now: the database cannot say if it counts", key)
        return
    if counts is None:
        store = VolumeStore(settings.effective_store_url)
        for name in names:
            store.delete(name)
        artifacts.delete_prefix(f"sources/{key}")
    if shown is None:
        artifacts.delete_prefix(f"tomograms/{key}")
    artifacts.delete_prefix(f"imports/{key}")


def _plan_key(key: uuid.UUID) -> str:
    return f"imports/{key}/plan.json"


def _read_plan(artifacts: ArtifactStore, key: uuid.UUID) -> dict[str, Any]:
    try:
        return dict(artifacts.read_json(_plan_key(key)))
    except (ArtifactMissing, ArtifactUnreadable):
        return {}
