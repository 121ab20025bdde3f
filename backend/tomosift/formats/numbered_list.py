"""Lists of numbers alone (Dynamo tables, .em and STOPGAP motive lists): what they have in common."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from tomosift.formats.export_chunk import ExportChunk, ExportContext, ListWriter, OpenFile
from tomosift.formats.list_columns import column_triples
from tomosift.formats.orientations import relion_angles
from tomosift.formats.particle_list import ImageReference, ParticleList, Positions, texts
from tomosift.formats.tomogram_numbers import TomogramNumbers, named_tomograms


@dataclass(frozen=True)
class NumberedList(ParticleList):
    """Particles with position + shift, three angles, a class, and a tomogram's number.

    `blocks["tomograms"]` are the names of the numbered tomograms, from the `.doc` file beside the list.
    """

    coordinate_columns: ClassVar[tuple[str, str, str]]
    shift_columns: ClassVar[tuple[str, str, str]]
    angle_columns: ClassVar[tuple[str, str, str]]
    first_voxel: ClassVar[int]
    """What the program counts a tomogram's first voxel as."""
    name_column: ClassVar[str]

    @staticmethod
    @abstractmethod
    def rotation(angles: ArrayLike) -> Rotation:
        """The orientations of `angle_columns`, `(n, 3)` degrees."""

    @property
    @abstractmethod
    def tomogram_column(self) -> str:
        """The column of tomogram numbers."""

    def image_references(self) -> list[ImageReference] | None:
        """None: these lists name no images."""
        return None

    def tomogram_names(self) -> list[str]:
        """Each tomogram's name in the `.doc` file, else its number."""
        if self.tomogram_column not in self.columns:
            return [""] * len(self)
        return named_tomograms(texts(self, self.tomogram_column), self.blocks.get("tomograms", {}))

    def particle_names(self) -> list[str]:
        """The particles' numbers."""
        return texts(self, self.name_column)

    def positions(self) -> Positions | None:
        """Coordinate + shift, in voxels of the tomogram."""
        coordinates = column_triples(self, self.coordinate_columns)
        if coordinates is None:
            return None
        shifts = column_triples(self, self.shift_columns)
        moved = coordinates if shifts is None else coordinates + shifts
        return Positions(moved - self.first_voxel, "voxel", "corner", self.pixel_sizes())

    def angles(self) -> NDArray[np.float64] | None:
        """The orientations as RELION's rot, tilt, psi."""
        angles = column_triples(self, self.angle_columns)
        return None if angles is None else relion_angles(self.rotation(angles))

    def pixel_sizes(self) -> NDArray[np.float64]:
        """NaN: these lists do not tell."""
        return np.full(len(self), np.nan)

    @property
    def class_column(self) -> str | None:
        return "class" if "class" in self.columns else None


class NumberedListWriter(ListWriter):
    """Writes such a list, and beside it the `.doc` file with the tomograms' names."""

    def __init__(self, open_file: OpenFile, context: ExportContext) -> None:
        super().__init__(open_file, context)
        self._tomograms = TomogramNumbers()

    def tomogram_numbers(self, chunk: ExportChunk) -> pa.Array:
        """The numbers of the chunk's tomograms."""
        return pa.array(self._tomograms.numbers_of(chunk.tomograms), pa.int64())

    def original_columns(self, chunk: ExportChunk) -> dict[str, pa.Array | pa.ChunkedArray]:
        """The rows of a list of the writer's own format, with the class in its place."""
        table = pa.Table.from_pandas(chunk.rows, preserve_index=False)
        columns: dict[str, pa.Array | pa.ChunkedArray] = dict(zip(table.column_names, table.columns, strict=True))
        if self.context.sets_class:
            columns["class"] = pa.array(chunk.class_numbers)
        return columns

    def finish(self) -> None:
        """Write the tomograms' names: those given here, or those that stood beside the original."""
        kept = self.context.source_blocks.get("tomograms", {})
        doc = "".join(f"{number} {name}\n" for number, name in kept.items()).encode() or self._tomograms.doc()
        if doc:
            self.open(f"{self.context.stem}.doc").write(doc)


def counted_from(positions: NDArray[np.float64], first_voxel: int) -> NDArray[np.float64]:
    """Positions as a program counts voxels; 0, 0, 0 where they are unknown."""
    known = np.isfinite(positions).all(axis=1, keepdims=True)
    return np.where(known, positions + first_voxel, 0.0)
