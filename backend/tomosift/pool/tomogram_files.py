"""The tomograms of a list, found by name: in a folder, by a table of paths, in tomograms.star, or in a copick project.

A name matches as it stands, else without the folders and endings that programs add and drop.
"""

import csv
import glob
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tomosift.formats.copick_tomograms import copick_tomograms
from tomosift.formats.problem import FormatProblem
from tomosift.formats.relion_tomograms import RelionTomogram, read_relion_tomograms
from tomosift.formats.star_blocks import LoopBlock, looks_like_star, read_star_blocks
from tomosift.kit.contained_paths import PathOutsideRoots, ReferenceFinder, resolve_inside
from tomosift.pool.import_schemas import TomogramsIn
from tomosift.pool.particle_identity import plain_tomogram_name

_NAME_COLUMNS = ("tomogram", "tomo", "tomogram_name", "name", "rlntomoname", "tomo_id", "run")
_PATH_COLUMNS = ("path", "file", "filename", "tomogram_path", "rlntomoreconstructedtomogram", "rlnmicrographname")
_SIZE_COLUMNS = ("voxel_size", "voxel_size_angstrom", "pixel_size", "angpix", "apix")
_PLACEHOLDER = re.compile(r"\{tomogram(?::0?(\d))?\}")
_MOST_ROWS = 100_000


@dataclass(frozen=True)
class FoundTomogram:
    """Where a tomogram lies, and its voxel size (Å) where something beside its header tells it."""

    path: Path
    voxel_size: float | None = None


class TomogramFinder:
    """Finds tomograms by the names a list gives them, inside the allowed `roots`. Raises FormatProblem for a table or
    project that cannot be read."""

    def __init__(self, given: TomogramsIn, roots: Sequence[Path], *, absolute_is_relative: bool = False) -> None:
        self._given, self._roots, self._absolute_is_relative = given, roots, absolute_is_relative
        self.sizes: Mapping[str, RelionTomogram] = {}
        if given.tomograms_star is not None:
            star = Path(given.tomograms_star)
            read = read_relion_tomograms(star, roots)
            self.sizes = {plain_tomogram_name(name): each for name, each in read.items()}
        self._listed: Mapping[str, FoundTomogram | str] = {}
        if given.list is not None:
            self._listed = self._read_list(Path(given.list))
        elif given.copick is not None:
            runs = copick_tomograms(Path(given.copick), given.copick_tomogram)
            self._listed = {
                plain_tomogram_name(run): FoundTomogram(inside, size) if (inside := self._inside(path)) else path.name
                for run, (path, size) in runs.items()
            }
        elif given.folder is None and self.sizes:
            self._listed = self._named_by_relion()

    def find(self, name: str) -> FoundTomogram:
        """The tomogram `name`. Raises FormatProblem that says where it was looked for."""
        if self._given.folder is not None:
            return FoundTomogram(self._find_in_folder(name, Path(self._given.folder)))
        plain = plain_tomogram_name(name)
        found = self._listed.get(plain)
        if found is None:
            raise FormatProblem(f"{self._place()} has no tomogram {plain}; it has {_some(list(self._listed))}")
        if isinstance(found, str):
            raise FormatProblem(f"{self._place()} names {found} for {plain}, which is not there")
        return found

    def binned_voxel_size(self, plain: str) -> float | None:
        """What tomograms.star says of the tomogram's voxels, in Å."""
        told = self.sizes.get(plain)
        if told is None or told.pixel_size is None or told.binning is None:
            return None
        return told.pixel_size * told.binning

    def _place(self) -> str:
        return Path(self._given.list or self._given.copick or self._given.tomograms_star or "").name

    def _find_in_folder(self, name: str, folder: Path) -> Path:
        wanted = list(dict.fromkeys((name, plain_tomogram_name(name))))
        for each in wanted:
            pattern = _PLACEHOLDER.sub(lambda match, each=each: _written(each, match[1]), self._given.pattern)  # type: ignore[misc]
            if ".." in Path(pattern).parts or pattern.startswith("/"):  # of the tomogram's name
                continue
            fitting = [path for path in sorted(folder.glob(pattern)) if self._inside(path) is not None]
            if len(fitting) > 1:
                raise FormatProblem(
                    f"{len(fitting)} files fit tomogram {each} ({_some([path.name for path in fitting])}); "
                    "give a stricter pattern"
                )
            if fitting:
                inside = self._inside(fitting[0])
                assert inside is not None  # looked at above
                return inside
        pattern = _PLACEHOLDER.sub(lambda match: _plainly(wanted[-1], match[1]), self._given.pattern)
        raise FormatProblem(f"tomogram {wanted[-1]}: there is no {pattern} in the folder {folder.name}")

    def _inside(self, path: Path) -> Path | None:
        try:
            found = resolve_inside(path, self._roots)
        except PathOutsideRoots:
            return None
        return found if found.exists() else None

    def _named_by_relion(self) -> dict[str, FoundTomogram | str]:
        star = Path(self._given.tomograms_star or "")
        references = {name: each.path for name, each in self.sizes.items() if each.path}
        if not references:
            raise FormatProblem(
                f"{star.name} names no reconstructed tomograms; say in which folder they are (folder and pattern)"
            )
        return {name: self._referenced(star.parent, reference, None) for name, reference in references.items()}

    def _referenced(self, folder: Path, reference: str, voxel_size: float | None) -> FoundTomogram | str:
        finder = ReferenceFinder(folder, self._roots)
        text = reference.lstrip("/") if self._absolute_is_relative else reference
        found = finder.find(text)
        if found is None:  # an OME-Zarr tomogram is a folder
            candidates = [each for each in (folder / text, *(root / text for root in self._roots)) if each.is_dir()]
            found = next((inside for each in candidates if (inside := self._inside(each)) is not None), None)
        return FoundTomogram(found, voxel_size) if found is not None else reference

    def _read_list(self, path: Path) -> dict[str, FoundTomogram | str]:
        columns, rows = _read_table(path)
        names, paths, sizes = (
            next((number for number, column in enumerate(columns) if column.lower() in wanted), None)
            for wanted in (_NAME_COLUMNS, _PATH_COLUMNS, _SIZE_COLUMNS)
        )
        if names is None or paths is None:
            raise FormatProblem(
                f"{path.name} has the columns {_some(columns)}; a list of tomograms needs the columns tomogram and path"
            )
        found: dict[str, FoundTomogram | str] = {}
        for number, row in enumerate(rows, start=1):
            size = None if sizes is None or not row[sizes].strip() else _positive(row[sizes], path.name, number)
            found[plain_tomogram_name(row[names].strip())] = self._referenced(path.parent, row[paths].strip(), size)
        return found


def _read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """A table's columns and rows, all of one length. Raises FormatProblem."""
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError:
        raise FormatProblem(f"{path.name} cannot be read by this program; check its permissions") from None
    if looks_like_star(Path(path.stem), head):
        tables = [block for block in read_star_blocks(path) if isinstance(block, LoopBlock)]
        if not tables:
            raise FormatProblem(f"{path.name} holds no table")
        return tables[0].columns, [[str(value) for value in row] for row in tables[0].rows.itertuples(index=False)]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(65_536)
            delimiter = max(",;\t", key=first.count)
            file.seek(0)
            lines = islice(csv.reader(file, delimiter=delimiter), _MOST_ROWS)
            rows = [row for row in lines if row]
    except (UnicodeDecodeError, csv.Error):
        raise FormatProblem(f"{path.name} is no table; a CSV file with the columns tomogram and path is") from None
    if not rows:
        raise FormatProblem(f"{path.name} is empty; it should list tomogram and path")
    columns = [column.strip() for column in rows[0]]
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(columns):
            raise FormatProblem(f"{path.name} has {len(row)} values in row {number}, for {len(columns)} columns")
    return columns, rows[1:]


def _positive(text: str, name: str, row: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e4:
        raise FormatProblem(f"{text[:40]!r} in row {row} of {name} is no voxel size in Å")
    return value


def _plainly(name: str, width: str | None) -> str:
    return name.zfill(int(width)) if width else name


def _written(name: str, width: str | None) -> str:
    return glob.escape(_plainly(name, width))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "") if names else "none"
