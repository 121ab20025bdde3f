"""Particles near a particle in its tomogram."""

import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.kit.problems import ProblemError
from tomosift.pool.import_schemas import Neighbour, Neighbours
from tomosift.pool.particle_places import Scale, place_in_angstrom, scale_of
from tomosift.pool.schemas import LabelOut
from tomosift.pool.subtomograms import find_subtomogram, volume_url
from tomosift.pool.surroundings import tomogram_of
from tomosift.projects.shown_labels import Reader, is_shown_to
from tomosift.tables import CurrentLabel, EvaluationItem, Source, Subtomogram

USUAL_BOXES = 3
"""How many of the particle's boxes away a neighbour may be, where nothing else is asked for."""
_MOST_LOOKED_AT = 5_000


def find_neighbours(
    session: Session,
    reader: Reader,
    slug: str,
    subtomogram_id: int,
    radius: float | None,
    unit: Literal["angstrom", "voxel"],
    limit: int,
) -> Neighbours:
    """The particles within `radius` of one, the nearest first. Offsets are in Å, or in the list's voxels where nobody
    knows their size. Raises ProblemError 404 where the list does not say where it is."""
    particle, source, _ = find_subtomogram(session, reader.project_id, subtomogram_id)
    tomogram = tomogram_of(session, reader.project_id, particle.tomogram)
    centre = place_in_angstrom(particle, source, tomogram)
    in_angstrom = centre is not None
    if centre is None:
        if particle.x is None or particle.y is None or particle.z is None:
            raise ProblemError(
                404, "no-place", "Its place is not known", "The list of this particle has no coordinates."
            )
        centre = np.array([particle.x, particle.y, particle.z])
    voxel = source.voxel_size_angstrom or 1.0
    box = source.box_size * (voxel if in_angstrom else 1.0)
    reach = USUAL_BOXES * box
    if radius is not None:
        reach = radius * voxel if unit == "voxel" and in_angstrom else radius
    found: list[tuple[float, Neighbour]] = []
    for other in session.scalars(select(Source).where(Source.project_id == reader.project_id)):
        scale = scale_of(other.frame, tomogram) if in_angstrom else _same_frame(other, source)
        if scale is not None:
            found += _near(session, reader, slug, particle, other, scale, centre, reach)
    found.sort(key=lambda each: (each[0], each[1].id))
    return Neighbours(
        tomogram=particle.tomogram or "",
        unit="angstrom" if in_angstrom else "voxel",
        box=box,
        has_surroundings=tomogram is not None and tomogram.overview_key is not None,
        items=[neighbour for _, neighbour in found[:limit]],
    )


def _near(
    session: Session,
    reader: Reader,
    slug: str,
    particle: Subtomogram,
    source: Source,
    scale: Scale,
    centre: NDArray[np.float64],
    reach: float,
) -> Iterator[tuple[float, Neighbour]]:
    """The particles of `source` within `reach` of `centre`, each with its distance."""
    low, high = ((centre + side * reach - np.array(scale.offset)) / scale.factor for side in (-1, 1))
    rows = session.execute(
        select(Subtomogram, CurrentLabel, EvaluationItem.subtomogram_id, is_shown_to(reader))
        .select_from(Subtomogram)
        .outerjoin(CurrentLabel, CurrentLabel.subtomogram_id == Subtomogram.id)
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
        .where(
            Subtomogram.project_id == source.project_id,
            Subtomogram.source_id == source.id,
            Subtomogram.tomogram == particle.tomogram,  # null compares as null
            Subtomogram.id != particle.id,
            Subtomogram.x.between(float(low[0]), float(high[0])),
            Subtomogram.y.between(float(low[1]), float(high[1])),
            Subtomogram.z.between(float(low[2]), float(high[2])),
        )
        .limit(_MOST_LOOKED_AT)
    )
    for row, label, held_out, is_shown in rows:
        x, y, z = (np.array([row.x, row.y, row.z]) * scale.factor + np.array(scale.offset) - centre).tolist()
        distance = math.sqrt(x * x + y * y + z * z)
        if distance > reach:
            continue
        # Items of the evaluation sample are decided blind.
        is_told = label is not None and is_shown and held_out is None
        shown = LabelOut(kind=label.kind, class_id=label.class_id) if is_told else None
        yield (
            distance,
            Neighbour(
                id=row.id,
                name=row.name,
                dx=x,
                dy=y,
                dz=z,
                volume_url=volume_url(slug, row),
                label=shown,
                may_be_chosen=held_out is None,
            ),
        )


def _same_frame(other: Source, source: Source) -> Scale | None:
    """Coordinates of unknown size compare only with those of the same kind."""
    return Scale(1.0, (0.0, 0.0, 0.0)) if other.frame == source.frame else None
