"""What every volume file tells, whatever program wrote it: the one interface between readers and imports."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray


class VolumeFile(ABC):
    """An open file of voxels: one volume `(z, y, x)`, or `n_cubes` equal cubes. Safe to use from several threads.

    `notes` are sentences for the user about what was found odd. Nothing is allocated before the file is found long
    enough. Use it as a context, or `close` it.
    """

    name: str
    shape_zyx: tuple[int, int, int]
    voxel_size: float | None
    """Å per voxel; None where the file does not say."""
    n_cubes: int | None
    """How many cubes it holds (1 for a plain cube); None where the data cannot be cubes (a tomogram)."""
    notes: tuple[str, ...]

    @abstractmethod
    def read_cube(self, index: int | None) -> NDArray[np.float32]:
        """Cube `index` (from 1), or the only one, `(z, y, x)`. Raises FormatProblem, also for NaN in it."""

    @abstractmethod
    def read_box(self, start_zyx: tuple[int, int, int], shape_zyx: tuple[int, int, int]) -> NDArray[np.float32]:
        """A part of the volume that lies wholly inside it, read without the rest. Raises FormatProblem."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
