"""A RELION particle list: every input column kept as text, beside typed views of the known ones.

What the columns mean was checked against RELION 5 (particle_set.cpp, tomogram_set.cpp, subtomo.cpp) and WarpTools
(ExportParticlesTiltseries.cs).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.orientations import relion_angles, rotation_from_relion
from tomosift.formats.particle_list import ImageReference, ParticleList, Positions, texts
from tomosift.formats.problem import FormatProblem
from tomosift.formats.relion_columns import ANGLES, XYZ, RelionColumns

STACKS_2D = (
    "its images are 2D tilt stacks, not volumes; cut boxes from the tomograms instead, or extract the particles again "
    "as 3D subtomograms (RELION 5: answer No to 'Write output as 2D stacks'; WarpTools: --3d instead of --2d)"
)
_COORDINATES_ALONE = (
    "it has coordinates but no rlnImageName, so it names no subtomograms; cut boxes from the tomograms, or extract "
    "them first (in RELION or Warp, as 3D volumes) and import the list that step writes"
)


@dataclass(frozen=True)
class ParticleTable(ParticleList):
    """A STAR particle list. `rows` holds every input column as text, in the file's order; row 1 is `rows.iloc[0]`.

    `blocks` holds the file's blocks as JSON by name: each has its `position` in the file and its `version`, and
    `columns` + `rows` or `pairs`; the block of the particles has `particles: true` instead.
    """

    format: ClassVar[str] = "relion"

    @property
    def particle_block(self) -> str:
        """The name of the block that `rows` are."""
        return next(name for name, block in self.blocks.items() if block.get("particles"))

    @property
    def version(self) -> str | None:
        """What the comment before the particles' block said."""
        version: str | None = self.blocks[self.particle_block]["version"]
        return version

    @cached_property
    def _values(self) -> RelionColumns:
        return RelionColumns(self.rows, self.blocks.get("optics"))

    @property
    def has_2d_stacks(self) -> bool:
        """Whether its images are 2D: rlnTomoSubTomosAre2DStacks 1, or rlnImageDimensionality 2."""
        general = dict(self.blocks.get("general", {}).get("pairs", ()))
        return _equals(general.get("rlnTomoSubTomosAre2DStacks", "0"), 1) or any(
            _equals(text, 2) for text in self._values.optics_texts("rlnImageDimensionality")
        )

    @property
    def why_no_images(self) -> str:
        """What to tell whoever imports the list without tomograms."""
        return STACKS_2D if self.has_2d_stacks else _COORDINATES_ALONE

    @property
    def has_images(self) -> bool:
        """Whether rlnImageName names volumes."""
        return "rlnImageName" in self.columns and not self.has_2d_stacks

    def image_references(self) -> list[ImageReference] | None:
        """Each particle's cube, from rlnImageName; None for coordinates alone and for 2D tilt stacks."""
        if not self.has_images:
            return None
        return [_parse_reference(text, row) for row, text in enumerate(texts(self, "rlnImageName"), start=1)]

    def tomogram_names(self) -> list[str]:
        """rlnTomoName, else rlnMicrographName; empty texts where the list has neither."""
        for column in ("rlnTomoName", "rlnMicrographName"):
            if column in self.columns:
                return texts(self, column)
        return [""] * len(self)

    def particle_names(self) -> list[str]:
        """rlnTomoParticleName, else rlnImageName, else the tomogram and the row."""
        for column in ("rlnTomoParticleName", "rlnImageName"):
            if column in self.columns:
                return texts(self, column)
        return [f"{tomogram}/{row}" for row, tomogram in enumerate(self.tomogram_names(), start=1)]

    def positions(self) -> Positions | None:
        """rlnCenteredCoordinateX/Y/ZAngst, else rlnCoordinateX/Y/Z, minus the shifts; None without either.

        The shifts count along the axes of the cube, which RELION 4 and 5 may have extracted turned
        (rlnTomoSubtomogramRot/Tilt/Psi). Raises FormatProblem for shifts in Å where the voxel size is unknown and
        the places are needed, as the list has no images.
        """
        sizes = self.tomogram_pixel_sizes()
        with np.errstate(over="ignore", invalid="ignore"):
            if (centred := self._values.triples("rlnCenteredCoordinate{}Angst", XYZ)) is not None:
                return Positions(_finite(centred - self._shifts(np.ones(len(self)))), "angstrom", "centre", sizes)
            if (coordinates := self.coordinates()) is not None:
                return Positions(_finite(coordinates - self._shifts(sizes)), "voxel", "corner", sizes)
        return None

    def coordinates(self) -> NDArray[np.float64] | None:
        """rlnCoordinateX/Y/Z, `(n, 3)` as x, y, z in voxels of `tomogram_pixel_sizes`; None without them."""
        return self._values.triples("rlnCoordinate{}", XYZ)

    def tomogram_pixel_sizes(self) -> NDArray[np.float64]:
        """Å per voxel that rlnCoordinateX/Y/Z count in, `(n,)`; NaN where the list does not tell.

        RELION 4 and 5 count in pixels of the tilt series (rlnTomoTiltSeriesPixelSize), RELION 3.1 in those of the
        tomogram (rlnMicrographPixelSize). Warp, WarpTools and RELION 3.0 write no such column: theirs are the
        voxels of the images. WarpTools' lists of 2D stacks do have rlnTomoTiltSeriesPixelSize, but count in voxels
        of the images all the same (as a comment in its source says); their tomograms are called `….tomostar`.
        """
        if not self.counts_in_image_voxels:
            for column in ("rlnTomoTiltSeriesPixelSize", "rlnMicrographPixelSize"):
                if (found := self._values.sizes(column)) is not None:
                    return found[0]
        return self.pixel_sizes()

    @property
    def counts_in_image_voxels(self) -> bool:
        """Whether it is a list of WarpTools whose rlnTomoTiltSeriesPixelSize is not what its coordinates count in."""
        tomograms, binning = self.rows.get("rlnTomoName"), self._values.optics_texts("rlnTomoSubtomogramBinning")
        is_of_warptools = tomograms is not None and str(tomograms.iloc[0]).endswith(".tomostar")
        return is_of_warptools and not all(_equals(text, 1) for text in binning)

    def angles(self) -> NDArray[np.float64] | None:
        """Orientations in the tomogram, `(n, 3)` degrees: rlnAngleRot/Tilt/Psi, intrinsic ZYZ; None without them.

        Where the cubes were extracted turned, rlnTomoSubtomogramRot/Tilt/Psi first turn the cube, then these turn the
        particle in it: RELION's matrix is A(subtomogram) · A(particle).
        """
        own, cube = self.cube_angles(), self._values.triples("rlnTomoSubtomogram{}", ANGLES)
        if cube is None or not cube.any():
            return own
        return cube if own is None else relion_angles(rotation_from_relion(cube) * rotation_from_relion(own))

    def cube_angles(self) -> NDArray[np.float64] | None:
        """rlnAngleRot/Tilt/Psi, `(n, 3)` degrees; None without them."""
        return self._values.triples("rlnAngle{}", ANGLES)

    def pixel_sizes(self) -> NDArray[np.float64]:
        """Å per voxel of each particle's image, `(n,)`; NaN where the list does not tell.

        rlnImagePixelSize (of the particle or its optics group), else rlnPixelSize, else
        rlnDetectorPixelSize · 1e4 / rlnMagnification (RELION 3.0). Of 2D stacks it is the size they were extracted
        with. Raises FormatProblem for an optics group that the list names but does not define.
        """
        return self._image_pixel_sizes[0]

    @property
    def pixel_size_origin(self) -> str:
        """The column that `pixel_sizes` comes from; empty without one."""
        return self._image_pixel_sizes[1]

    @property
    def class_column(self) -> str | None:
        """rlnClassNumber."""
        return "rlnClassNumber" if "rlnClassNumber" in self.columns else None

    def origins_angstrom(self) -> NDArray[np.float64] | None:
        """Shifts in Å, `(n, 3)` as x, y, z, to be *subtracted* (position = coordinate − origin); None without them.

        RELION 3.0 gives them in pixels of the image: they are NaN there where the pixel size is unknown.
        """
        in_angstrom = self._values.triples("rlnOrigin{}Angst", XYZ)
        in_pixels = self._values.triples("rlnOrigin{}", XYZ) if in_angstrom is None else None
        return in_pixels * self.pixel_sizes()[:, None] if in_pixels is not None else in_angstrom

    @cached_property
    def _image_pixel_sizes(self) -> tuple[NDArray[np.float64], str]:
        for column in ("rlnImagePixelSize", "rlnPixelSize"):
            if (found := self._values.sizes(column)) is not None:
                return found
        detector = self._values.numbers("rlnDetectorPixelSize")
        magnification = self._values.numbers("rlnMagnification")
        if detector is None or magnification is None:
            return np.full(len(self), np.nan), ""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            sizes = detector * 1e4 / magnification
        return np.where((sizes > 0) & np.isfinite(sizes), sizes, np.nan), "rlnDetectorPixelSize and rlnMagnification"

    def _shifts(self, voxel_sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        """What to subtract from the coordinates, `(n, 3)` in units of `voxel_sizes` Å."""
        in_pixels = self._values.triples("rlnOrigin{}", XYZ)
        shifts = self.origins_angstrom()
        if shifts is None or not np.nan_to_num(shifts if in_pixels is None else in_pixels).any():
            return np.zeros((len(self), 3))
        if (cube := self._values.triples("rlnTomoSubtomogram{}", ANGLES)) is not None:
            shifts = np.where(np.isfinite(shifts), rotation_from_relion(cube).apply(np.nan_to_num(shifts)), np.nan)
        shifts = shifts / voxel_sizes[:, None]
        if in_pixels is not None:  # in voxels of the image, which are the tomogram's where nothing else is said
            shifts = np.where(np.isnan(voxel_sizes)[:, None], in_pixels, shifts)
        unknown = np.flatnonzero(np.isnan(shifts).any(axis=1))
        if unknown.size and not self.has_images:
            raise FormatProblem(
                "its shifts are in Å, but the list does not say how large the voxels of its coordinates are; "
                "add the column rlnTomoTiltSeriesPixelSize",
                row=int(unknown[0]) + 1,
                column="rlnOriginXAngst",
            )
        return np.nan_to_num(shifts, posinf=np.inf, neginf=-np.inf)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if bad.size:
        raise FormatProblem("its coordinates are too large to be a place", row=int(bad[0]) + 1)
    return values


def _parse_reference(text: str, row: int) -> ImageReference:
    number, at, path = text.partition("@")
    if not (at and number.isdecimal()):
        number, path = "", text
    if not path or number.strip("0") == "" != number or len(number) > 18:
        raise FormatProblem(
            f"{text[:80]!r} names no image; it should read like 000001@stack.mrcs or particle.mrc, counted from 1",
            row=row,
            column="rlnImageName",
        )
    return ImageReference(path, int(number) if number else None)


def _equals(text: str, number: int) -> bool:
    try:
        return float(text) == number
    except ValueError:
        return False
