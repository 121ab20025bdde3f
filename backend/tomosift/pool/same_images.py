"""Lists without places are known by their images' names: whether the same name still means the same voxels."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import VolumeReader
from tomosift.kit.problems import conflict
from tomosift.pool.import_order import ImportOrder
from tomosift.pool.import_plan import Expected
from tomosift.pool.import_problems import ImportProblems
from tomosift.pool.import_read import Tell, make_plan
from tomosift.tables import Subtomogram
from tomosift.volumes.encoding import content_hash

SAMPLES = 20


def refuse_other_images(
    session: Session, order: ImportOrder, particles: ParticleList, existing: NDArray[np.int64], tell: Tell
) -> None:
    """Raise ProblemError 409 if images of this list have the names of particles the project has, and other voxels.

    `existing`: the particle of each row, 0 for none. Some rows are compared, evenly spread; images that are gone
    are passed over.
    """
    rows = np.flatnonzero(existing)
    if not len(rows):
        return
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).round().astype(np.int64))]
    plan = make_plan(order, particles, rows, Expected(), ImportProblems(), tell)
    if plan is None:
        return
    known = select(Subtomogram.id, Subtomogram.content_hash).where(Subtomogram.id.in_(existing[rows].tolist()))
    wanted = {each.id: each.content_hash for each in session.execute(known)}
    with VolumeReader() as reader:
        for place, row in enumerate(rows.tolist()):
            try:
                found = content_hash(plan.voxels.read(reader, place))
            except FormatProblem:
                continue
            if found != wanted[int(existing[row])]:
                raise conflict(
                    "same-names",
                    "The same names, but other voxels",
                    f"Row {row + 1}: {plan.names[place]} is the name of an image the project has, with other voxels. "
                    "The list has no tomograms and coordinates, so its particles are known by their images' names. If "
                    "these are the same particles, extracted anew, import with replace_volumes; if they are others, "
                    "give their folder another name in the list, or add tomogram and coordinates.",
                )
