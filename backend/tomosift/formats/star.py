"""RELION particle lists (STAR), with every input column kept as text beside typed views of the known ones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tomosift.formats.particle_list import ImageReference, JsonBlock, ParticleList, Positions, texts
from tomosift.formats.problem import FormatProblem
from tomosift.formats.star_blocks import LoopBlock, PairBlock, StarBlock, read_star_blocks, write_star_blocks

Flavour = Literal["relion-3.0", "relion-3.1", "relion-4", "relion-5", "unknown"]

# RELION recognises tables with optics groups by this comment.
_RELION_31_VERSION = "30001"
_RELION_4_COLUMNS = {"rlnTomoTiltSeriesPixelSize", "rlnTomoSubtomogramBinning", "rlnTomoParticleName"}
_RELION_5_COLUMNS = {"rlnCenteredCoordinateXAngst", "rlnTomoVisibleFrames", "rlnTomoSubTomosAre2DStacks"}
_RELION_30_COLUMNS = {"rlnDetectorPixelSize", "rlnMagnification", "rlnPixelSize", "rlnOriginX", "rlnMicrographName"}


@dataclass(frozen=True)
class ParticleTable(ParticleList):
    """A STAR particle list. `rows` holds every input column as text, in the file's order; row 1 is `rows.iloc[0]`.

    `blocks` holds the other blocks (optics, general) as JSON values by name: each has its `position` in the file,
    and `columns` + `rows` or `pairs`; the particle block takes the position that is left.
    """

    format: ClassVar[str] = "relion"

    particle_block: str = "particles"
    version: str | None = None

    def image_references(self) -> list[ImageReference]:
        """Each particle's cube, from rlnImageName."""
        return [_parse_reference(text, row) for row, text in enumerate(texts(self, "rlnImageName"), start=1)]

    def tomogram_names(self) -> list[str]:
        """rlnTomoName, else rlnMicrographName; empty texts where the list has neither."""
        for column in ("rlnTomoName", "rlnMicrographName"):
            if column in self.columns:
                return texts(self, column)
        return [""] * len(self)

    def particle_names(self) -> list[str]:
        """rlnTomoParticleName where the list has it, else its image."""
        return texts(self, "rlnTomoParticleName" if "rlnTomoParticleName" in self.columns else "rlnImageName")

    def positions(self) -> Positions | None:
        """rlnCoordinateX/Y/Z minus the origin shifts, in voxels of the tomogram; None without coordinates."""
        coordinates, shifts = self.coordinates(), self.origins_angstrom()
        if coordinates is None:
            return None
        sizes = self.tomogram_pixel_sizes()
        if shifts is not None:
            coordinates = coordinates - np.where(np.isnan(sizes)[:, None], 0.0, shifts / sizes[:, None])
        return Positions(coordinates, "voxel", "corner", sizes)

    def tomogram_pixel_sizes(self) -> NDArray[np.float64]:
        """Å per voxel that the coordinates count in, `(n,)`; NaN where the list does not tell."""
        return self.pixel_sizes()

    @property
    def class_column(self) -> str | None:
        """rlnClassNumber."""
        return "rlnClassNumber" if "rlnClassNumber" in self.columns else None

    def coordinates(self) -> NDArray[np.float64] | None:
        """rlnCoordinateX/Y/Z, `(n, 3)` as x, y, z in the tomogram's unbinned pixels; None without them."""
        return self._triples("rlnCoordinate{}", "XYZ")

    def angles(self) -> NDArray[np.float64] | None:
        """rlnAngleRot/Tilt/Psi in degrees, `(n, 3)`, RELION's intrinsic ZYZ; None without them."""
        return self._triples("rlnAngle{}", ("Rot", "Tilt", "Psi"))

    def class_numbers(self) -> NDArray[np.int64] | None:
        """rlnClassNumber, `(n,)`; None without it."""
        numbers = self._numbers("rlnClassNumber")
        return None if numbers is None else numbers.astype(np.int64)

    def origins_angstrom(self) -> NDArray[np.float64] | None:
        """Shifts in Å, `(n, 3)` as x, y, z, to be *subtracted* (position = coordinate − origin); None without them.

        RELION 3.0 gives them in pixels: they are NaN there where the pixel size is unknown.
        """
        in_angstrom = self._triples("rlnOrigin{}Angst", "XYZ")
        in_pixels = self._triples("rlnOrigin{}", "XYZ") if in_angstrom is None else None
        return in_pixels * self.pixel_sizes()[:, None] if in_pixels is not None else in_angstrom

    def pixel_sizes(self) -> NDArray[np.float64]:
        """Å per voxel of each particle's cube, `(n,)`; NaN where the list does not tell.

        rlnImagePixelSize (of the particle or its optics group), else rlnPixelSize, else
        rlnDetectorPixelSize · 1e4 / rlnMagnification (RELION 3.0). Raises FormatProblem for an optics group that
        the list names but does not define.
        """
        sizes = self._numbers("rlnImagePixelSize")
        if sizes is None:
            sizes = self._pixel_sizes_of_optics_groups()
        if sizes is None:
            sizes = self._numbers("rlnPixelSize")
        if sizes is None:
            detector, magnification = self._numbers("rlnDetectorPixelSize"), self._numbers("rlnMagnification")
            if detector is not None and magnification is not None:
                with np.errstate(divide="ignore", invalid="ignore"):
                    sizes = detector * 1e4 / magnification
        if sizes is None:
            return np.full(len(self), np.nan)
        return np.where((sizes > 0) & np.isfinite(sizes), sizes, np.nan)

    def _pixel_sizes_of_optics_groups(self) -> NDArray[np.float64] | None:
        optics = self.blocks.get("optics")
        if optics is None or "rlnImagePixelSize" not in optics.get("columns", ()):
            return None
        groups, sizes = _json_column(optics, "rlnOpticsGroup"), _optics_sizes(optics)
        if "rlnOpticsGroup" not in self.columns:
            return np.full(len(self), sizes[0]) if len(sizes) == 1 else None
        wanted = self.rows["rlnOpticsGroup"]
        found = np.asarray(wanted.map(dict(zip(groups, sizes, strict=False))), np.float64)
        if np.isnan(found).any():
            row = int(np.flatnonzero(np.isnan(found))[0])
            raise FormatProblem(
                f"the optics group {wanted.iloc[row]} is not in data_optics, so the voxel size is unknown; "
                "add the group there or correct the particle's group",
                row=row + 1,
                column="rlnOpticsGroup",
            )
        return found

    def _triples(self, pattern: str, parts: Sequence[str]) -> NDArray[np.float64] | None:
        columns = [column for part in parts if (column := self._numbers(pattern.format(part))) is not None]
        return np.stack(columns, axis=1) if len(columns) == len(parts) else None

    def _numbers(self, column: str) -> NDArray[np.float64] | None:
        if column not in self.columns:
            return None
        numbers = pd.to_numeric(self.rows[column], errors="coerce").to_numpy(np.float64)
        bad = np.flatnonzero(~np.isfinite(numbers))
        if bad.size:
            text = str(self.rows[column].iloc[int(bad[0])])
            raise FormatProblem(f"{text[:60]!r} is not a number", row=int(bad[0]) + 1, column=column)
        return numbers


def read_particle_star(path: Path) -> ParticleTable:
    """Read a particle list whose rlnImageName names cubes: RELION 3.0, 3.1 or 4, or Warp's `--3d` export.

    Raises FormatProblem for a file that is no STAR file, has no particles or no images, or whose images are 2D tilt
    stacks; the sentence says what to do.
    """
    blocks = read_star_blocks(path)
    particles = _find_particles(blocks, path.name)
    table = ParticleTable(
        flavour=_recognise(blocks, particles),
        particle_block=particles.name,
        rows=particles.rows,
        blocks={block.name: _to_json(block, at) for at, block in enumerate(blocks) if block is not particles},
        version=particles.version,
    )
    _refuse_2d_stacks(table, path.name)
    return table


def write_particle_star(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], optics: Mapping[str, Sequence[str]] | None
) -> None:
    """Write a RELION 3.1 list: data_optics (column name → one text a group) and data_particles.

    Without `optics` it is one unnamed table, as RELION 3.0 has it. `rows` are texts in the order of `columns`.
    """
    frame = pd.DataFrame(list(rows), columns=list(columns), dtype=str)
    if optics is None:
        write_star_blocks(path, [LoopBlock("", frame)])
    else:
        groups = LoopBlock("optics", pd.DataFrame(dict(optics), dtype=str), _RELION_31_VERSION)
        write_star_blocks(path, [groups, LoopBlock("particles", frame, _RELION_31_VERSION)])


def write_particle_table(path: Path, table: ParticleTable) -> None:
    """Write a list with all its blocks in their order: every value as it was read."""
    others = sorted(table.blocks.items(), key=lambda named: int(named[1]["position"]))
    blocks = [_from_json(name, block) for name, block in others]
    taken = {int(block["position"]) for _, block in others}
    position = next(position for position in range(len(others) + 1) if position not in taken)
    blocks.insert(position, LoopBlock(table.particle_block, table.rows, table.version))
    write_star_blocks(path, blocks)


def _find_particles(blocks: list[StarBlock], file_name: str) -> LoopBlock:
    tables = [block for block in blocks if isinstance(block, LoopBlock) and block.name != "optics"]
    with_images = [table for table in tables if "rlnImageName" in table.columns]
    if not with_images:
        if any("rlnCoordinateX" in table.columns for table in tables):
            raise FormatProblem(
                f"{file_name} has coordinates but no rlnImageName, so it names no subtomograms; extract them first "
                "(in RELION or Warp, as 3D volumes) and import the list that step writes"
            )
        raise FormatProblem(
            f"{file_name} has no table with the column rlnImageName, so it is no list of subtomograms; "
            "choose the particles' STAR file (often called particles.star)"
        )
    particles = next((table for table in with_images if table.name == "particles"), with_images[0])
    if len(particles.rows) == 0:
        raise FormatProblem(f"the table data_{particles.name} of {file_name} has no rows; choose a list with particles")
    return particles


def _recognise(blocks: list[StarBlock], particles: LoopBlock) -> Flavour:
    names = set(particles.columns)
    for block in blocks:
        names |= set(_names_of(block)) if block.name in ("optics", "general") else set()
    has_optics = any(block.name == "optics" for block in blocks)
    if names & _RELION_5_COLUMNS:
        return "relion-5"
    if names & _RELION_4_COLUMNS:
        return "relion-4"
    if has_optics:
        return "relion-3.1"
    return "relion-3.0" if names & _RELION_30_COLUMNS else "unknown"


def _refuse_2d_stacks(table: ParticleTable, file_name: str) -> None:
    general = dict(table.blocks.get("general", {}).get("pairs", ()))
    optics = table.blocks.get("optics", {})
    is_2d = _equals(general.get("rlnTomoSubTomosAre2DStacks"), 1) or any(
        _equals(dimensions, 2) for dimensions in _json_column(optics, "rlnImageDimensionality")
    )
    if is_2d:
        raise FormatProblem(
            f"the images of {file_name} are 2D tilt stacks, not volumes; extract the particles again as 3D "
            "subtomograms (RELION 5: answer No to 'Write output as 2D stacks'; WarpTools: --3d instead of --2d)"
        )


def _parse_reference(text: str, row: int) -> ImageReference:
    number, at, path = text.partition("@")
    if not (at and number.isdecimal()):
        number, path = "", text
    if not path or number.strip("0") == "" != number:
        raise FormatProblem(
            f"{text[:80]!r} names no image; it should read like 000001@stack.mrcs or particle.mrc, counted from 1",
            row=row,
            column="rlnImageName",
        )
    return ImageReference(path, int(number) if number else None)


def _optics_sizes(optics: JsonBlock) -> list[float]:
    try:
        return [float(size) for size in _json_column(optics, "rlnImagePixelSize")]
    except ValueError as error:
        raise FormatProblem(f"data_optics: {error}", column="rlnImagePixelSize") from None


def _equals(text: str | None, number: int) -> bool:
    try:
        return text is not None and float(text) == number
    except ValueError:
        return False


def _names_of(block: StarBlock) -> list[str]:
    return block.columns if isinstance(block, LoopBlock) else [name for name, _ in block.pairs]


def _json_column(block: JsonBlock, name: str) -> list[str]:
    columns = block.get("columns", [])
    return [row[columns.index(name)] for row in block["rows"]] if name in columns else []


def _to_json(block: StarBlock, position: int) -> JsonBlock:
    common: JsonBlock = {"position": position, "version": block.version}
    if isinstance(block, PairBlock):
        return common | {"pairs": [list(pair) for pair in block.pairs]}
    return common | {"columns": block.columns, "rows": block.rows.to_numpy(object).tolist()}


def _from_json(name: str, block: JsonBlock) -> StarBlock:
    if "pairs" in block:
        return PairBlock(name, [(key, value) for key, value in block["pairs"]], block["version"])
    return LoopBlock(name, pd.DataFrame(block["rows"], columns=block["columns"], dtype=str), block["version"])
