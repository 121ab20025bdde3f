"""The tomograms of a project, each with a small copy that shows what lies around its particles."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.pool.tomogram_file import TomogramFile
from tomosift.tables import Tomogram


@dataclass(frozen=True)
class TomogramOverview:
    """A tomogram that becomes known to the project, and the artifact with its binned copy."""

    file: TomogramFile
    overview_key: str
    binning: int


def unknown_tomograms(
    session: Session, project_id: uuid.UUID, files: Sequence[TomogramFile], *, replace: bool
) -> list[TomogramFile]:
    """Those of `files` that the project does not show yet; all of them where they `replace` what it has."""
    known = set(session.scalars(select(Tomogram.name).where(Tomogram.project_id == project_id)))
    return [each for each in files if replace or each.name not in known]


def store_tomograms(session: Session, project_id: uuid.UUID, overviews: Sequence[TomogramOverview]) -> list[str]:
    """Add or replace these tomograms, in the caller's transaction; returns overviews that are not shown any more."""
    rows = session.scalars(select(Tomogram).where(Tomogram.project_id == project_id))
    known = {row.name: row for row in rows}
    replaced = []
    for each in overviews:
        row = known.get(each.file.name)
        if row is None:
            row = known[each.file.name] = Tomogram(project_id=project_id, name=each.file.name)
            session.add(row)
        elif row.overview_key is not None:
            replaced.append(row.overview_key)
        row.location = {"path": str(each.file.path)}
        row.shape_zyx = list(each.file.shape_zyx)
        row.voxel_size_angstrom = each.file.voxel_size
        row.overview_key, row.overview_binning = each.overview_key, each.binning
    session.flush()
    return replaced
