"""Re-extraction: all particles of a project get other voxels, and everything that was decided about them stays."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tomosift.kit import job_control
from tomosift.kit.problems import ProblemError, invalid
from tomosift.pool.import_order import ImportOrder
from tomosift.pool.import_plan import ImportPlan
from tomosift.pool.import_publish import changed_meanwhile, consume_upload, recipe_of, three_numbers
from tomosift.pool.tomogram_rows import TomogramOverview, store_tomograms
from tomosift.tables import Project, Source, Subtomogram

_UPDATE = text(
    "UPDATE subtomogram SET content_hash = new.content_hash, padded = new.padded, tomogram = new.tomogram, "
    "x = new.x, y = new.y, z = new.z, rot = new.rot, tilt = new.tilt, psi = new.psi "
    "FROM new_volume new WHERE subtomogram.id = new.id"
)


@dataclass(frozen=True)
class WhoIsWhere:
    """Every particle of a project, source by source in the order of its rows: `ids`, and `rows` of the list (from 0).

    `sources` are the spans `(source, start, stop)` of these; `left_out` counts rows of the list that are no particles
    of the project.
    """

    ids: NDArray[np.int64]
    rows: NDArray[np.int64]
    sources: Sequence[tuple[uuid.UUID, int, int]]
    left_out: int


@dataclass(frozen=True)
class Replaced:
    """New voxels for all particles of a project: one array for each span of `where.sources`."""

    plan: ImportPlan
    order: ImportOrder
    where: WhoIsWhere
    arrays: Sequence[str]
    content_hashes: Sequence[str]
    overviews: Sequence[TomogramOverview]


def who_is_where(session: Session, project_id: uuid.UUID, existing: NDArray[np.int64]) -> WhoIsWhere:
    """Match the list's rows (`existing`: the particle of each, 0 for none) with all particles of the project.

    Raises ProblemError 409 if the project has no particles, 422 if the list lacks some.
    """
    ids, sources = _all_particles(session, project_id)
    if not len(ids):
        raise ProblemError(
            409, "nothing-to-replace", "The project has no particles yet", "Import the list without replace_volumes."
        )
    order = np.argsort(existing, kind="stable")
    places = np.searchsorted(existing, ids, sorter=order)
    rows = order[np.minimum(places, len(existing) - 1)]
    missing = int((existing[rows] != ids).sum())
    if missing:
        raise invalid(
            "particles-missing",
            "The list does not hold every particle",
            f"{missing:,} of the project's {len(ids):,} particles are not in this list, and a project has one box "
            "size. Use a list with all of them, or a project of its own. Nothing was changed.",
            missing=missing,
        )
    return WhoIsWhere(ids, rows, sources, len(existing) - len(ids))


def publish_replacement(session: Session, claim: job_control.Claim, replaced: Replaced) -> None:
    """Swap the voxels and end the job, in the caller's transaction. Raises ProblemError, FencedOff."""
    job = job_control.hold(session, claim.job_id, claim.token)
    assert job.project_id is not None  # an import always has a project
    project = session.get_one(Project, job.project_id, with_for_update=True)
    plan, where = replaced.plan, replaced.where
    sources = {each.id: each for each in session.scalars(select(Source).where(Source.project_id == project.id))}
    if sum(each.row_count for each in sources.values()) != len(where.ids):
        raise changed_meanwhile("Another import added particles. Ask again, with a list that holds those as well.")
    old = []
    for (source_id, _, _), name in zip(where.sources, replaced.arrays, strict=True):
        source = sources[source_id]
        old.append(source.volumes_key)
        source.volumes_key, source.box_size, source.voxel_size_angstrom = name, plan.box, plan.voxel_size
        source.frame, source.recipe = plan.frame, recipe_of(replaced.order)
    _update_particles(session, replaced)
    project.box_size, project.voxel_size_angstrom = plan.box, plan.voxel_size
    project.version += 1
    store_tomograms(session, project.id, replaced.overviews)
    consume_upload(session, replaced.order)
    message = f"{len(where.ids):,} subtomograms have new volumes of {plan.box} voxels at {plan.voxel_size:g} Å"
    job_control.write_log(session, claim.job_id, message)
    job_control.finish(
        session,
        claim.job_id,
        claim.token,
        "succeeded",
        result={
            "source_id": None,
            "row_count": 0,
            "already_there": len(where.ids),
            "replaced_count": len(where.ids),
            "left_out": where.left_out,
            "evaluation_count": 0,
            "batch_count": 0,
            "replaced_volumes": old,
        },
    )
    job_control.announce(session, project.id, "queue", reason="import")


def _all_particles(
    session: Session, project_id: uuid.UUID
) -> tuple[NDArray[np.int64], list[tuple[uuid.UUID, int, int]]]:
    """The ids of a project's particles, source by source in the order of its rows, and each source's span."""
    sources = session.execute(
        select(Source.id, Source.row_count)
        .where(Source.project_id == project_id)
        .order_by(Source.created_at, Source.id)
    ).all()
    parts, spans, start = [np.empty(0, np.int64)], [], 0
    for source_id, count in sources:
        ids = session.scalars(
            select(Subtomogram.id).where(Subtomogram.source_id == source_id).order_by(Subtomogram.source_row),
            execution_options={"yield_per": 50_000},
        )
        parts += [np.array(part, np.int64) for part in ids.partitions()]
        spans.append((source_id, start, start + count))
        start += count
    return np.concatenate(parts), spans


def _update_particles(session: Session, replaced: Replaced) -> None:
    plan = replaced.plan
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE new_volume (id bigint, content_hash text, padded real, tomogram text, "
            "x float8, y float8, z float8, rot float8, tilt float8, psi float8) ON COMMIT DROP"
        )
        with cursor.copy("COPY new_volume FROM STDIN") as copy:
            for place, subtomogram_id in enumerate(replaced.where.ids.tolist()):
                copy.write_row(
                    (
                        subtomogram_id,
                        replaced.content_hashes[place],
                        float(plan.padded[place]),
                        plan.tomograms[place] or None,
                        *three_numbers(plan.centres, place),
                        *three_numbers(plan.angles, place),
                    )
                )
    session.execute(_UPDATE)
