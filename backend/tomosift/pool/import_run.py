"""The import job: check the list, copy the voxels, publish everything in one transaction.

Until that transaction nothing is visible. Voxels and table lie under the attempt's own source id, so an attempt that
was given up for dead can touch nothing of the next one's; what is left of failed attempts is deleted.
"""

import io
import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from tomosift.formats.mrc import VolumeReader
from tomosift.formats.problem import FormatProblem
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.contained_paths import PathOutsideRoots, ReferenceFinder, resolve_inside
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.job_control import FINISHED_STATES
from tomosift.kit.problems import invalid
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.import_plan import Expected, ImportPlan, plan_import, read_list
from tomosift.pool.import_problems import ImportProblems
from tomosift.pool.import_publish import ImportedList, publish
from tomosift.pool.list_identity import list_checksum
from tomosift.pool.uploads import remove_dead_uploads
from tomosift.tables import Job, Project, Source
from tomosift.volumes.encoding import content_hash
from tomosift.volumes.store import VolumeStore

logger = logging.getLogger(__name__)

PARQUET_ROW_GROUP = 10_000
SWEEP_BACK = timedelta(days=30)


@dataclass(frozen=True)
class ImportOrder:
    """A job's payload: the list, the one folder its files may lie in, and where they came from."""

    list_path: Path
    root: Path
    name: str
    checksum: str
    upload_id: uuid.UUID | None
    given_voxel_size: float | None

    @classmethod
    def from_payload(cls, payload: dict[str, object]) -> "ImportOrder":
        """Read what `imports.request_import` wrote."""
        upload_id, size = payload["upload_id"], payload["voxel_size_angstrom"]
        return cls(
            list_path=Path(str(payload["list"])),
            root=Path(str(payload["root"])),
            name=str(payload["name"]),
            checksum=str(payload["checksum"]),
            upload_id=uuid.UUID(str(upload_id)) if upload_id else None,
            given_voxel_size=float(str(size)) if size else None,
        )


def run_import(job: RunningJob) -> None:
    """Do a claimed import job. Raises ProblemError where the input is at fault; nothing is half imported then."""
    settings = get_settings()
    order = ImportOrder.from_payload(job.claim.payload)
    remove_leftovers(settings, job.claim.job_id, before_attempt=job.claim.attempt)
    source_id = attempt_source_id(job.claim.job_id, job.claim.attempt)
    try:
        plan = _check(job, order)
        hashes = _copy_voxels(job, plan, VolumeStore(settings.effective_store_url), source_id)
        table_key = _write_table(ArtifactStore(settings.effective_store_url), plan, source_id)
        job.report("publish", 0, 1, "writing the pool")
        imported = ImportedList(plan, source_id, order.name, order.checksum, table_key, hashes, order.upload_id)
        with transaction() as session:
            publish(session, job.claim, imported)
    except BaseException:
        _delete_unless_published(settings, source_id)
        raise
    if order.upload_id is not None:
        remove_used_uploads()


def attempt_source_id(job_id: uuid.UUID, attempt: int) -> uuid.UUID:
    """The id an attempt's source gets: known to later attempts, so that they can clear up after it."""
    return uuid.uuid5(job_id, str(attempt))


def remove_leftovers(settings: Settings, job_id: uuid.UUID, before_attempt: int) -> None:
    """Delete what earlier attempts of a job left behind."""
    for attempt in range(1, before_attempt):
        _delete_unless_published(settings, attempt_source_id(job_id, attempt))


def sweep_leftovers() -> None:
    """Clear up after imports whose last worker died: called when a worker starts."""
    settings = get_settings()
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
    remove_used_uploads()


def remove_used_uploads() -> None:
    """Delete uploads that were imported or have expired."""
    with transaction() as session:
        remove_dead_uploads(session, get_settings())


def _check(job: RunningJob, order: ImportOrder) -> ImportPlan:
    job.report("read", 0, 1, f"reading {order.name}")
    try:
        list_path = resolve_inside(order.list_path, [order.root])
    except PathOutsideRoots as error:
        raise invalid("outside-import-folders", "Not in an import folder", str(error)) from error
    table = read_list(list_path)
    if list_checksum(list_path) != order.checksum:
        raise invalid("list-changed", "The list has changed", "It was changed after the import began. Import it again.")
    count = len(table)
    with transaction() as session:
        stored = session.get_one(Job, job.claim.job_id)
        project = session.get_one(Project, stored.project_id)
        expected = Expected(project.box_size, project.voxel_size_angstrom, order.given_voxel_size)
    return plan_import(
        table,
        ReferenceFinder(list_path.parent, [order.root]),
        expected,
        tick=lambda done: job.report("check", done, count, "looking at every file"),
        absolute_is_relative=order.upload_id is not None,
    )


def _copy_voxels(job: RunningJob, plan: ImportPlan, store: VolumeStore, source_id: uuid.UUID) -> list[str]:
    """Copy all cubes into a new array, whole shards at a time; returns their content hashes."""
    problems = ImportProblems()
    hashes: list[str] = []
    array = store.create(str(source_id), len(plan), plan.box, plan.voxel_size)
    with VolumeReader() as reader:
        for block in array.blocks():
            batch = np.empty((len(block), plan.box, plan.box, plan.box), np.float32)
            for place, row in enumerate(block):
                job.report("copy", row, len(plan), "copying voxels")
                cube = plan.cubes[row]
                try:
                    batch[place] = reader.read(cube.file, cube.index)
                except FormatProblem as problem:
                    problems.add_format_problem(problem, row + 1)
                    if problems.is_full:
                        problems.raise_any()
                    continue
                hashes.append(content_hash(batch[place]))
            if not problems:  # with problems, go on reading only to name them all
                array.write_block(block.start, batch)
    problems.raise_any()
    job.report("copy", len(plan), len(plan), "copying voxels")
    return hashes


def _write_table(store: ArtifactStore, plan: ImportPlan, source_id: uuid.UUID) -> str:
    """Keep every input column, as text, in the list's order."""
    table = pa.Table.from_pandas(plan.table.rows, preserve_index=False)
    as_text = table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
    buffer = io.BytesIO()
    pq.write_table(as_text, buffer, row_group_size=PARQUET_ROW_GROUP, compression="zstd")
    key = f"{_artifact_prefix(source_id)}/table.parquet"
    store.write_bytes(key, buffer.getvalue())
    return key


def _artifact_prefix(source_id: uuid.UUID) -> str:
    return f"sources/{source_id}"


def _delete_unless_published(settings: Settings, source_id: uuid.UUID) -> None:
    """Delete an attempt's voxels and table. A commit whose answer was lost may have published them: ask first."""
    try:
        with transaction() as session:
            if session.get(Source, source_id) is not None:
                return
    except SQLAlchemyError:
        logger.warning("source %s is left in the store for now: the database cannot say if it counts", source_id)
        return
    VolumeStore(settings.effective_store_url).delete(str(source_id))
    ArtifactStore(settings.effective_store_url).delete_prefix(_artifact_prefix(source_id))
