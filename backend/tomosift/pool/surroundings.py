"""Pictures of what lies around a particle in its tomogram, from the small copy that the import made of it."""

import json
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore
from tomosift.kit.problems import ProblemError, not_found
from tomosift.kit.settings import Settings
from tomosift.pool.particle_identity import plain_tomogram_name
from tomosift.pool.particle_places import place_in_angstrom
from tomosift.pool.subtomograms import find_subtomogram
from tomosift.tables import Tomogram
from tomosift.volumes.tomogram_overview import Overview, surroundings_png

USUAL_BOXES = 6
"""How many of the particle's boxes a picture is wide, where nothing else is asked for."""
OVERVIEW = "overview"


@dataclass(frozen=True)
class Section:
    """The place a picture is about: the particle's centre and box in voxels of its tomogram."""

    tomogram: Tomogram
    centre_xyz: NDArray[np.float64]
    box_voxels: float


@dataclass(frozen=True)
class Picture:
    """A square PNG; `centre` is the particle (x, y) and `box_pixels` the edge of its box, in the picture's pixels."""

    png: bytes
    angstrom_per_pixel: float
    centre: tuple[float, float]
    box_pixels: float


def find_section(session: Session, project_id: uuid.UUID, subtomogram_id: int) -> Section:
    """What to show for a particle. Raises ProblemError 404 where its tomogram is not known."""
    row, source, _ = find_subtomogram(session, project_id, subtomogram_id)
    tomogram = tomogram_of(session, project_id, row.tomogram)
    place = place_in_angstrom(row, source, tomogram) if tomogram is not None else None
    if tomogram is None or place is None or tomogram.overview_key is None:
        raise ProblemError(
            404,
            "no-surroundings",
            "The tomogram is not known",
            "Its tomogram was not given with the import. Import the list with its tomograms to see surroundings.",
        )
    size = tomogram.voxel_size_angstrom
    return Section(tomogram, place / size, source.box_size * (source.voxel_size_angstrom or size) / size)


def tomogram_of(session: Session, project_id: uuid.UUID, name: str | None) -> Tomogram | None:
    """The tomogram that a particle's list calls `name`, if the project knows it."""
    if name is None:
        return None
    plain = plain_tomogram_name(name)
    return session.scalar(select(Tomogram).where(Tomogram.project_id == project_id, Tomogram.name == plain))


def draw(settings: Settings, section: Section, width: float | None, unit: Literal["angstrom", "voxel"]) -> Picture:
    """The xy section through the particle, `width` across. Raises ProblemError 404 if the copy is gone."""
    tomogram = section.tomogram
    size = tomogram.voxel_size_angstrom
    voxels = section.box_voxels * USUAL_BOXES if width is None else width if unit == "voxel" else width / size
    # More than the whole tomogram several times over shows nothing.
    voxels = min(max(voxels, 2.0), 4.0 * max(tomogram.shape_zyx))
    assert tomogram.overview_key is not None  # `find_section` looked
    assert tomogram.overview_binning is not None  # they are written together
    try:
        volume = _open_overview(settings.effective_store_url, tomogram.overview_key)
    except (ArtifactMissing, FileNotFoundError) as error:
        raise not_found("overview of this tomogram") from error
    overview = Overview(volume, tomogram.overview_binning, 0.0, 1.0)
    made = surroundings_png(overview, section.centre_xyz, section.box_voxels, voxels)
    x, y, _ = section.centre_xyz.tolist()
    centre = ((x - made.left) / made.voxels_per_pixel, (y - made.top) / made.voxels_per_pixel)
    return Picture(made.png, made.voxels_per_pixel * size, centre, section.box_voxels / made.voxels_per_pixel)


@lru_cache(maxsize=4)
def _open_overview(store_url: str, key: str) -> NDArray[np.uint8]:
    """A tomogram's copy, `(z, y, x)`: a memory map of a local one, as a picture needs a small part of it."""
    store = ArtifactStore(store_url)
    path = store.local_path(key)
    return _map_tensor(path) if path is not None else np.asarray(store.read_tensors(key)[OVERVIEW], np.uint8)


def _map_tensor(path: Path) -> NDArray[np.uint8]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        described: dict[str, Any] = json.loads(file.read(length))[OVERVIEW]
    return np.memmap(path, np.uint8, "r", offset=8 + length + described["data_offsets"][0], shape=described["shape"])
