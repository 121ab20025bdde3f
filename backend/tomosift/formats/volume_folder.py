"""A folder of cubes as a list by itself: one file a particle, by path; the first sub-folder may name the class."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.list_columns import TextRows
from tomosift.formats.list_folder import files_inside
from tomosift.formats.particle_list import ImageReference, ParticleList, Positions, texts
from tomosift.formats.problem import FormatProblem

_ENDINGS = (".mrc", ".map", ".rec", ".em", ".mrc.gz", ".map.gz", ".rec.gz")


@dataclass(frozen=True)
class VolumeFolder(ParticleList):
    """Files of a folder, one cube each; paths count from that folder."""

    format: ClassVar[str] = "volume-folder"

    def image_references(self) -> list[ImageReference] | None:
        """The files."""
        return [ImageReference(path, None) for path in texts(self, "path")]

    def tomogram_names(self) -> list[str]:
        """Empty texts: files name no tomograms."""
        return [""] * len(self)

    def particle_names(self) -> list[str]:
        """The files' paths."""
        return texts(self, "path")

    def positions(self) -> Positions | None:
        """None: files have no positions."""
        return None

    def angles(self) -> NDArray[np.float64] | None:
        """None: files have no orientations."""
        return None

    def pixel_sizes(self) -> NDArray[np.float64]:
        """NaN: the importer reads the files' headers."""
        return np.full(len(self), np.nan)

    @property
    def class_column(self) -> str | None:
        """The first sub-folder, where there are some."""
        return "folder" if (self.rows["folder"] != "").any() else None


def looks_like_volume_folder(path: Path, head: bytes) -> bool:
    """Whether a folder holds at least one such file."""
    return path.is_dir() and next(iter(files_inside(path, _ENDINGS)), None) is not None


def read_volume_folder(path: Path) -> ParticleList:
    """List the cubes of a folder. Raises FormatProblem for one without."""
    rows = TextRows()
    for file in files_inside(path, _ENDINGS) if path.is_dir() else ():
        inside = file.relative_to(path)
        rows.add({"path": inside.as_posix(), "folder": inside.parts[0] if len(inside.parts) > 1 else ""})
    if rows.count == 0:
        raise FormatProblem(f"{path.name} is no folder with volumes ({', '.join(_ENDINGS[:4])}) in it")
    return VolumeFolder("folder of volumes", rows.frame(), {})
