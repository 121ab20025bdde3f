"""RELION's tomograms.star: what each tomogram of a project is called, how large it is, and where its files are.

RELION 4 and WarpTools keep every tilt series as a block of the same file, RELION 5 names a file for each
(rlnTomoTiltSeriesStarFile). Angles as in RELION 5 (tomogram.cpp): a projection is Rz(rlnTomoZRot) Ry(rlnTomoYTilt)
Rx(rlnTomoXTilt), so the third row of its matrix begins with -sin(tilt).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tomosift.formats.problem import FormatProblem
from tomosift.formats.star_blocks import LoopBlock, PairBlock, read_star_blocks

# A tilt series has some dozens of tilts; a larger file is none.
_LARGEST_TILT_FILE = 4_000_000
_TILT_COLUMNS = ("rlnTomoYTilt", "rlnTomoNominalStageTiltAngle")
_PARTICLES = {"rlnImageName", "rlnCoordinateX", "rlnCenteredCoordinateXAngst"}


@dataclass(frozen=True)
class RelionTomogram:
    """A tomogram as tomograms.star describes it; None where it does not tell.

    `size_xyz` is in voxels of `pixel_size` Å, which are the pixels of the tilt series: a reconstruction is smaller
    by `binning`. Paths are texts as they stand in the file and count from RELION's project folder. `tilt_range` are
    the least and the largest tilt in degrees; `hand` is rlnTomoHand, the sign of the defocus slope.
    """

    name: str
    size_xyz: tuple[int, int, int] | None = None
    pixel_size: float | None = None
    binning: float | None = None
    hand: int | None = None
    tilt_range: tuple[float, float] | None = None
    reconstructed: str | None = None
    denoised: str | None = None
    half1: str | None = None
    half2: str | None = None

    @property
    def path(self) -> str | None:
        """The reconstruction to look at: the whole one, else the denoised one, else a half."""
        return self.reconstructed or self.denoised or self.half1 or self.half2


def read_relion_tomograms(path: Path, roots: Sequence[Path] = ()) -> dict[str, RelionTomogram]:
    """The tomograms by name, in the file's order.

    Files of single tilt series are read only inside `roots`, and only to tell the tilt range; without any it comes
    from this file alone. Raises FormatProblem for a file that is no tomograms.star, with what to do.
    """
    tables = {block.name: block.rows for block in map(_as_table, read_star_blocks(path))}
    overview = tables.get("global", pd.DataFrame())
    if "rlnTomoName" not in overview.columns:
        raise FormatProblem(f"{path.name} is no tomograms.star: {_what_it_is(tables)}")
    found: dict[str, RelionTomogram] = {}
    for row, values in enumerate(overview.to_dict("records"), start=1):
        texts = {str(column): str(text) for column, text in values.items()}
        name = texts["rlnTomoName"]
        if name in found:
            raise FormatProblem(f"the tomogram {name} appears twice", row=row, column="rlnTomoName")
        found[name] = _tomogram(name, texts, row, _tilts_of(name, texts, tables, path, roots))
    return found


def _tomogram(name: str, texts: dict[str, str], row: int, tilts: pd.DataFrame | None) -> RelionTomogram:
    size = [_positive(texts, f"rlnTomoSize{axis}", row) for axis in "XYZ"]
    hand = _number(texts, "rlnTomoHand", row)
    return RelionTomogram(
        name=name,
        size_xyz=(round(size[0]), round(size[1]), round(size[2])) if size[0] and size[1] and size[2] else None,
        pixel_size=_positive(texts, "rlnTomoTiltSeriesPixelSize", row),
        binning=_positive(texts, "rlnTomoTomogramBinning", row),
        hand=None if not hand else (1 if hand > 0 else -1),
        tilt_range=None if tilts is None else _tilt_range(tilts),
        reconstructed=_path(texts, "rlnTomoReconstructedTomogram"),
        denoised=_path(texts, "rlnTomoDenoisedTomogram", "rlnTomoReconstructedTomogramDenoised"),
        half1=_path(texts, "rlnTomoReconstructedTomogramHalf1"),
        half2=_path(texts, "rlnTomoReconstructedTomogramHalf2"),
    )


def _tilts_of(
    name: str, texts: dict[str, str], tables: dict[str, pd.DataFrame], path: Path, roots: Sequence[Path]
) -> pd.DataFrame | None:
    if name in tables and name != "global":
        return tables[name]
    reference = texts.get("rlnTomoTiltSeriesStarFile")
    file = next(_files_called(reference, path, roots), None) if reference else None
    if file is None:
        return None
    try:
        blocks = read_star_blocks(file)
    except FormatProblem:
        return None  # the range is a help, not a need: the tomogram can be used without it
    return next((block.rows for block in blocks if isinstance(block, LoopBlock)), None)


def _files_called(reference: str, path: Path, roots: Sequence[Path]) -> Iterator[Path]:
    """Files called `reference`, counted from the folder of tomograms.star and those above it, inside `roots`."""
    allowed = [root.resolve() for root in roots]
    for folder in path.resolve().parents:
        try:
            file = (folder / reference).resolve()
            inside = any(file.is_relative_to(root) for root in allowed) and file.is_file()
            if inside and file.stat().st_size <= _LARGEST_TILT_FILE:
                yield file
        except (OSError, RuntimeError, ValueError):  # link loops, names that are too long
            continue


def _tilt_range(tilts: pd.DataFrame) -> tuple[float, float] | None:
    angles = next((_numbers(tilts[column]) for column in _TILT_COLUMNS if column in tilts.columns), None)
    if angles is None and "rlnTomoProjZ" in tilts.columns:
        angles = np.array([_tilt_of_projection(str(text)) for text in tilts["rlnTomoProjZ"]])
    if angles is None or not np.isfinite(angles).any():
        return None
    return float(np.nanmin(angles)), float(np.nanmax(angles))


def _tilt_of_projection(row: str) -> float:
    """Degrees; `row` is the third of a projection matrix, `[a,b,c,d]`. NaN for what is no such text."""
    try:
        a, b, c = (float(text) for text in row.strip("[]").split(",")[:3])
    except ValueError:
        return float("nan")
    return float(np.degrees(np.arctan2(-a, np.hypot(b, c))))


def _numbers(texts: pd.Series) -> NDArray[np.float64]:
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    return np.where(np.abs(numbers) <= 180, numbers, np.nan)


def _number(texts: dict[str, str], column: str, row: int) -> float | None:
    if column not in texts:
        return None
    try:
        number = float(texts[column])
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e9:
        raise FormatProblem(f"{texts[column][:60]!r} is not a number", row=row, column=column)
    return number


def _positive(texts: dict[str, str], column: str, row: int) -> float | None:
    number = _number(texts, column, row)
    return number if number and number > 0 else None


def _path(texts: dict[str, str], *columns: str) -> str | None:
    """The first that is given; RELION writes None for a file that is not there."""
    return next((texts[each] for each in columns if texts.get(each, "None") not in ("None", "none", "")), None)


def _as_table(block: LoopBlock | PairBlock) -> LoopBlock:
    """A table of one row may stand as pairs."""
    if isinstance(block, LoopBlock):
        return block
    return LoopBlock(block.name, pd.DataFrame({name: [value] for name, value in block.pairs}, dtype=str))


def _what_it_is(tables: dict[str, pd.DataFrame]) -> str:
    names = {str(column) for rows in tables.values() for column in rows.columns}
    if names & _PARTICLES:
        return "it is a list of particles; give it as the list, and RELION's tomograms.star as the tomograms"
    if "rlnTomoTomogramsFile" in names:
        return "it is an optimisation set; give the file that its rlnTomoTomogramsFile names"
    if names & {*_TILT_COLUMNS, "rlnTomoProjX"}:
        return "it is a single tilt series; give the file whose data_global lists all tomograms"
    return "it has no data_global with rlnTomoName; choose the file in which RELION lists its tomograms"
