"""The last step of an import: one transaction in which everything becomes visible, or nothing."""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from tomosift.kit import job_control
from tomosift.kit.database import utc_now
from tomosift.kit.problems import ProblemError
from tomosift.pool.evaluation_sample import draw, half_of, plan_growth
from tomosift.pool.first_batch import queue_imported
from tomosift.pool.import_plan import SAME_VOXEL_SIZE, ImportPlan
from tomosift.pool.list_identity import refuse_second_import
from tomosift.pool.particle_identity import particle_identities
from tomosift.projects.lifecycle import project_settings
from tomosift.projects.schemas import ProjectSettings
from tomosift.tables import EvaluationItem, Project, Source, Subtomogram, Upload

COPY_SUBTOMOGRAMS = (
    "COPY subtomogram (project_id, source_id, source_row, name, tomogram, x, y, z, rot, tilt, psi, "
    "content_hash, identity) FROM STDIN"
)


@dataclass(frozen=True)
class ImportedList:
    """What was copied: the plan, the content hash of each volume, and where the artifacts are."""

    plan: ImportPlan
    source_id: uuid.UUID
    name: str
    checksum: str
    table_key: str
    content_hashes: Sequence[str]
    upload_id: uuid.UUID | None


def publish(session: Session, claim: job_control.Claim, imported: ImportedList) -> None:
    """Write source, subtomograms, evaluation sample and queue, and end the job, in the caller's transaction.

    Raises ProblemError if the project has changed meanwhile so that the list does not fit any more, FencedOff if
    another attempt has the job.
    """
    job = job_control.hold(session, claim.job_id, claim.token)
    assert job.project_id is not None  # an import always has a project
    project = session.get_one(Project, job.project_id, with_for_update=True)
    refuse_second_import(session, project.id, imported.checksum)
    _take_measures(project, imported.plan)
    pool_before = _pool_size(session, project.id)
    _add_source(session, project.id, job.created_by, imported)
    new_ids = _add_subtomograms(session, project.id, imported)
    seed = _seed(imported.checksum)
    settings = project_settings(project)
    hashes = dict(zip(new_ids, imported.content_hashes, strict=True))
    evaluation_ids = _grow_evaluation(session, project.id, pool_before, hashes, settings, seed)
    batch = queue_imported(session, project.id, new_ids, evaluation_ids, settings, seed + 1)
    if imported.upload_id is not None:
        session.get_one(Upload, imported.upload_id).consumed_at = utc_now()
    count = len(imported.plan)
    message = f"{count:,} subtomograms imported; {len(evaluation_ids):,} of them measure accuracy"
    job_control.write_log(session, claim.job_id, message)
    job_control.finish(
        session,
        claim.job_id,
        claim.token,
        "succeeded",
        result={
            "source_id": str(imported.source_id),
            "row_count": count,
            "evaluation_count": len(evaluation_ids),
            "batch_count": batch,
        },
    )
    job_control.announce(session, project.id, "queue", reason="import")


def _take_measures(project: Project, plan: ImportPlan) -> None:
    if project.box_size is None or project.voxel_size_angstrom is None:
        project.box_size, project.voxel_size_angstrom = plan.box, plan.voxel_size
        project.version += 1
        return
    if project.box_size != plan.box or (
        abs(project.voxel_size_angstrom - plan.voxel_size) > SAME_VOXEL_SIZE * project.voxel_size_angstrom
    ):
        raise ProblemError(
            409,
            "changed-meanwhile",
            "The project has changed meanwhile",
            f"Another import gave the project cubes of {project.box_size} voxels at {project.voxel_size_angstrom:g} Å; "
            f"this list has {plan.box} at {plan.voxel_size:g} Å. Import it into a project of its own.",
        )


def _pool_size(session: Session, project_id: uuid.UUID) -> int:
    return int(session.scalar(select(func.sum(Source.row_count)).where(Source.project_id == project_id)) or 0)


def _add_source(session: Session, project_id: uuid.UUID, user_id: uuid.UUID | None, imported: ImportedList) -> None:
    table = imported.plan.table
    session.add(
        Source(
            id=imported.source_id,
            project_id=project_id,
            name=imported.name,
            format=table.format,
            flavour=table.flavour,
            checksum=imported.checksum,
            row_count=len(imported.plan),
            box_size=imported.plan.box,
            voxel_size_angstrom=imported.plan.voxel_size,
            columns=table.columns,
            blocks={"particle_block": table.particle_block, "version": table.version, "others": table.blocks},
            table_key=imported.table_key,
            volumes_key=str(imported.source_id),
            created_by=user_id,
        )
    )
    session.flush()


def _add_subtomograms(session: Session, project_id: uuid.UUID, imported: ImportedList) -> list[int]:
    """Insert all rows with COPY, which takes a million in seconds; returns their ids in the list's order."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)
    with connection.cursor() as cursor, cursor.copy(COPY_SUBTOMOGRAMS) as copy:
        for row in _rows(project_id, imported):
            copy.write_row(row)
    return list(
        session.scalars(
            select(Subtomogram.id).where(Subtomogram.source_id == imported.source_id).order_by(Subtomogram.source_row)
        )
    )


def _rows(project_id: uuid.UUID, imported: ImportedList) -> Iterator[tuple[Any, ...]]:
    plan = imported.plan
    identities = particle_identities(plan.table)
    unknown = (None, None, None)
    for row in range(len(plan)):
        yield (
            project_id,
            imported.source_id,
            row,
            plan.names[row],
            plan.tomograms[row] or None,
            *(plan.coordinates[row].tolist() if plan.coordinates is not None else unknown),
            *(plan.angles[row].tolist() if plan.angles is not None else unknown),
            imported.content_hashes[row],
            identities[row],
        )


def _grow_evaluation(
    session: Session,
    project_id: uuid.UUID,
    pool_before: int,
    new_hashes: dict[int, str],
    settings: ProjectSettings,
    seed: int,
) -> list[int]:
    """Draw the evaluation items among the new subtomograms (id to content hash) and store them; returns their ids."""
    sample_before = session.scalar(
        select(func.count()).select_from(EvaluationItem).where(EvaluationItem.project_id == project_id)
    )
    growth = plan_growth(pool_before, sample_before or 0, len(new_hashes), settings)
    drawn = draw(list(new_hashes), growth.count, seed)
    if drawn:
        session.execute(
            insert(EvaluationItem),
            [
                {
                    "subtomogram_id": each,
                    "project_id": project_id,
                    "half": half_of(new_hashes[each]),
                    "weight": growth.weight,
                }
                for each in drawn
            ],
        )
    return drawn


def _seed(checksum: str) -> int:
    """The same list, the same sample and first batch, in whatever project: so that projects can be compared."""
    return int.from_bytes(hashlib.blake2b(checksum.encode(), digest_size=7).digest())
