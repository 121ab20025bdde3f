"""What every particle list tells, whatever program wrote it: the one interface between readers and imports."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

JsonBlock = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImageReference:
    """Where a particle's cube is: a file, and which of its cubes, counted from 1 as in `000012@stack.mrcs`."""

    path: str
    index: int | None


@dataclass(frozen=True)
class Positions:
    """Particle centres in their tomograms, `(n, 3)` as x, y, z, with the list's shifts already subtracted.

    `unit` voxel: voxels of `voxel_size` Å `(n,)` (NaN: the list does not say, so those of the tomogram); `unit`
    angstrom: Å. `origin` corner: from the centre of the tomogram's first voxel, as RELION counts; centre: from the
    tomogram's middle voxel (size // 2), so that the tomogram's size must be known.
    """

    values: NDArray[np.float64]
    unit: Literal["voxel", "angstrom"]
    origin: Literal["corner", "centre"]
    voxel_size: NDArray[np.float64]


@dataclass(frozen=True)
class ParticleList(ABC):
    """A particle list. `rows` holds every input column as text, in the file's order; row 1 is `rows.iloc[0]`.

    `blocks` holds as JSON whatever else its writer needs to write the same file again. `notes` are sentences for the
    user about what was found odd. A view raises FormatProblem (with row and column) for values it cannot use.
    """

    format: ClassVar[str]
    """The key in `formats.catalogue`."""

    flavour: str
    rows: "pd.DataFrame"
    blocks: dict[str, JsonBlock]
    notes: tuple[str, ...] = field(default=(), kw_only=True)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> list[str]:
        """The input columns, in order."""
        return [str(column) for column in self.rows.columns]

    @abstractmethod
    def image_references(self) -> list[ImageReference] | None:
        """Each particle's cube; None for a list of coordinates alone."""

    @property
    def why_no_images(self) -> str:
        """Where `image_references` is None: a clause about the list that says why, and what to do instead."""
        return "it holds coordinates alone, so it names no subtomograms; give the tomograms to cut boxes from"

    @abstractmethod
    def tomogram_names(self) -> list[str]:
        """Each particle's tomogram; empty texts where the list does not say."""

    @abstractmethod
    def particle_names(self) -> list[str]:
        """What people call each particle."""

    @abstractmethod
    def positions(self) -> Positions | None:
        """Where the particles are; None where the list does not say."""

    @abstractmethod
    def angles(self) -> NDArray[np.float64] | None:
        """Orientations in the tomogram, `(n, 3)` degrees, as RELION's intrinsic ZYZ (rot, tilt, psi); None without."""

    def cube_angles(self) -> NDArray[np.float64] | None:
        """Orientations inside the particles' own cubes, which some programs extract turned; as `angles` otherwise."""
        return self.angles()

    @abstractmethod
    def pixel_sizes(self) -> NDArray[np.float64]:
        """Å per voxel of each particle's cube, `(n,)`; NaN where the list does not tell."""

    @property
    def class_column(self) -> str | None:
        """The column in which this program keeps classes, if the list has it."""
        return None

    @property
    def pixel_size_origin(self) -> str:
        """Where `pixel_sizes` comes from, for people: `rlnImagePixelSize of data_optics`, say; empty without one."""
        return ""


def texts(table: ParticleList, column: str) -> list[str]:
    """A column's texts."""
    return [str(text) for text in table.rows[column].tolist()]
