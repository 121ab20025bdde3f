"""The last step of an import: one transaction in which everything becomes visible, or nothing."""

import hashlib
import math
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from tomosift.kit import job_control
from tomosift.kit.database import utc_now
from tomosift.kit.problems import ProblemError
from tomosift.pool.already_there import find_existing
from tomosift.pool.evaluation_sample import draw, half_of, plan_growth
from tomosift.pool.first_batch import queue_imported
from tomosift.pool.import_order import ImportOrder
from tomosift.pool.import_plan import SAME_VOXEL_SIZE, ImportPlan
from tomosift.pool.label_imports import request_labels_of_source
from tomosift.pool.tomogram_rows import TomogramOverview, store_tomograms
from tomosift.projects.lifecycle import project_settings
from tomosift.projects.schemas import ProjectSettings
from tomosift.tables import EvaluationItem, Project, Source, Subtomogram, Upload

COPY_SUBTOMOGRAMS = (
    "COPY subtomogram (project_id, source_id, source_row, name, tomogram, x, y, z, rot, tilt, psi, "
    "content_hash, identity, padded) FROM STDIN"
)
_IDS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class ImportedList:
    """What was copied: the plan, the content hash and identity of each particle, and where the artifacts are.

    `already_there` counts the rows of the list that the project had; `overviews` go with the plan's tomograms.
    """

    plan: ImportPlan
    order: ImportOrder
    source_id: uuid.UUID
    table_key: str
    content_hashes: Sequence[str]
    identities: Sequence[bytes]
    already_there: int
    overviews: Sequence[TomogramOverview]


def publish(session: Session, claim: job_control.Claim, imported: ImportedList) -> None:
    """Write source, subtomograms, evaluation sample and queue, and end the job, in the caller's transaction.

    Raises ProblemError if the project has changed meanwhile so that the list does not fit any more, FencedOff if
    another attempt has the job.
    """
    job = job_control.hold(session, claim.job_id, claim.token)
    assert job.project_id is not None  # an import always has a project
    project = session.get_one(Project, job.project_id, with_for_update=True)
    if find_existing(session, project.id, imported.identities, None).any():
        raise changed_meanwhile("Another import brought some of these particles. Import again to add the rest.")
    _take_measures(project, imported.plan)
    pool_before = _pool_size(session, project.id)
    _add_source(session, project.id, job.created_by, imported)
    store_tomograms(session, project.id, imported.overviews)
    new_ids = _add_subtomograms(session, project.id, imported)
    seed = _seed(imported.order.checksum)
    settings = project_settings(project)
    evaluation_ids = _grow_evaluation(session, project.id, pool_before, new_ids, imported, settings, seed)
    batch = queue_imported(session, project.id, new_ids.tolist(), evaluation_ids, settings, seed + 1)
    consume_upload(session, imported.order)
    labels = imported.order.options.labels
    label_job = labels and request_labels_of_source(session, project.id, job.created_by, imported.source_id, labels)
    count = len(imported.plan)
    there = f"; {imported.already_there:,} were there already" if imported.already_there else ""
    message = f"{count:,} subtomograms imported{there}; {len(evaluation_ids):,} of them measure accuracy"
    job_control.write_log(session, claim.job_id, message)
    _say_whose_labels(session, claim, imported.order, imported.already_there)
    job_control.finish(
        session,
        claim.job_id,
        claim.token,
        "succeeded",
        result={
            "source_id": str(imported.source_id),
            "row_count": count,
            "already_there": imported.already_there,
            "evaluation_count": len(evaluation_ids),
            "batch_count": batch,
            "label_job_id": str(label_job.id) if label_job else None,
        },
    )
    job_control.announce(session, project.id, "queue", reason="import")


def publish_nothing_new(session: Session, claim: job_control.Claim, order: ImportOrder, already_there: int) -> None:
    """End the job of a list whose particles are all in the project, in the caller's transaction. Raises FencedOff."""
    job_control.hold(session, claim.job_id, claim.token)
    consume_upload(session, order)
    job_control.write_log(
        session, claim.job_id, f"nothing was added: all {already_there:,} particles of the list were there already"
    )
    _say_whose_labels(session, claim, order, already_there)
    counts = {"row_count": 0, "already_there": already_there, "evaluation_count": 0, "batch_count": 0}
    job_control.finish(session, claim.job_id, claim.token, "succeeded", result={"source_id": None, **counts})


def _say_whose_labels(session: Session, claim: job_control.Claim, order: ImportOrder, already_there: int) -> None:
    """The labels in a list are read for the particles it adds; say how the others get theirs."""
    if order.options.labels is not None and already_there:
        job_control.write_log(
            session,
            claim.job_id,
            f"the labels of the {already_there:,} particles that were there already were not read; "
            "`tomosift labels import` with the same list brings them",
            "warning",
        )


def consume_upload(session: Session, order: ImportOrder) -> None:
    """The upload has done its part, if the list came by one."""
    if order.upload_id is not None:
        session.get_one(Upload, order.upload_id).consumed_at = utc_now()


def changed_meanwhile(detail: str) -> ProblemError:
    """409: what the job found when it began is not so any more."""
    return ProblemError(409, "changed-meanwhile", "The project has changed meanwhile", detail)


def _take_measures(project: Project, plan: ImportPlan) -> None:
    if project.box_size is None or project.voxel_size_angstrom is None:
        project.box_size, project.voxel_size_angstrom = plan.box, plan.voxel_size
        project.version += 1
        return
    if project.box_size != plan.box or (
        abs(project.voxel_size_angstrom - plan.voxel_size) > SAME_VOXEL_SIZE * project.voxel_size_angstrom
    ):
        raise changed_meanwhile(
            f"Another import gave the project cubes of {project.box_size} voxels at {project.voxel_size_angstrom:g} Å; "
            f"this list has {plan.box} at {plan.voxel_size:g} Å. Import it into a project of its own."
        )


def _pool_size(session: Session, project_id: uuid.UUID) -> int:
    return int(session.scalar(select(func.sum(Source.row_count)).where(Source.project_id == project_id)) or 0)


def _add_source(session: Session, project_id: uuid.UUID, user_id: uuid.UUID | None, imported: ImportedList) -> None:
    plan, particles = imported.plan, imported.plan.particles
    session.add(
        Source(
            id=imported.source_id,
            project_id=project_id,
            name=imported.order.name,
            format=particles.format,
            flavour=particles.flavour,
            checksum=imported.order.checksum,
            row_count=len(plan),
            box_size=plan.box,
            voxel_size_angstrom=plan.voxel_size,
            columns=particles.columns,
            blocks=particles.blocks,
            table_key=imported.table_key,
            volumes_key=str(imported.source_id),
            frame=plan.frame,
            recipe=recipe_of(imported.order),
            created_by=user_id,
        )
    )
    session.flush()


def recipe_of(order: ImportOrder) -> dict[str, Any]:
    """How the voxels came, as the import asked for it: what was cut, from where (folders by their last part)."""
    told = {"cut", "tomograms", "voxel_size_angstrom"}
    asked = order.options.model_dump(mode="json", include=told, exclude_none=True)
    for name in ("folder", "list", "tomograms_star", "copick"):
        if name in asked.get("tomograms", {}):
            asked["tomograms"][name] = PurePath(asked["tomograms"][name]).name
    return asked


def _add_subtomograms(session: Session, project_id: uuid.UUID, imported: ImportedList) -> NDArray[np.int64]:
    """Insert all rows with COPY, which takes a million in seconds; returns their ids in the list's order."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)
    with connection.cursor() as cursor, cursor.copy(COPY_SUBTOMOGRAMS) as copy:
        for row in _rows(project_id, imported):
            copy.write_row(row)
    statement = (
        select(Subtomogram.id).where(Subtomogram.source_id == imported.source_id).order_by(Subtomogram.source_row)
    )
    parts = session.scalars(statement, execution_options={"yield_per": _IDS_AT_A_TIME}).partitions()
    return np.concatenate([np.array(part, np.int64) for part in parts])


def _rows(project_id: uuid.UUID, imported: ImportedList) -> Iterator[tuple[Any, ...]]:
    plan = imported.plan
    for row in range(len(plan)):
        yield (
            project_id,
            imported.source_id,
            row,
            plan.names[row],
            plan.tomograms[row] or None,
            *three_numbers(plan.centres, row),
            *three_numbers(plan.angles, row),
            imported.content_hashes[row],
            imported.identities[row],
            float(plan.padded[row]),
        )


def three_numbers(values: NDArray[np.float64] | None, row: int) -> list[float | None]:
    """A row of `(n, 3)` values for the database, where a number that is not known is null."""
    if values is None:
        return [None, None, None]
    return [each if math.isfinite(each) else None for each in values[row].tolist()]


def _grow_evaluation(
    session: Session,
    project_id: uuid.UUID,
    pool_before: int,
    new_ids: NDArray[np.int64],
    imported: ImportedList,
    settings: ProjectSettings,
    seed: int,
) -> list[int]:
    """Draw the evaluation items among the new subtomograms and store them; returns their ids."""
    sample_before = session.scalar(
        select(func.count()).select_from(EvaluationItem).where(EvaluationItem.project_id == project_id)
    )
    growth = plan_growth(pool_before, sample_before or 0, len(new_ids), settings)
    drawn = draw(new_ids, growth.count, seed)
    rows = np.searchsorted(new_ids, drawn)  # the ids grow with the rows, as COPY gave them one after another
    if drawn:
        session.execute(
            insert(EvaluationItem),
            [
                {
                    "subtomogram_id": each,
                    "project_id": project_id,
                    "half": half_of(imported.content_hashes[row]),
                    "weight": growth.weight,
                }
                for each, row in zip(drawn, rows.tolist(), strict=True)
            ],
        )
    return drawn


def _seed(checksum: str) -> int:
    """The same list, the same sample and first batch, in whatever project: so that projects can be compared."""
    return int.from_bytes(hashlib.blake2b(checksum.encode(), digest_size=7).digest())
