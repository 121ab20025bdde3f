"""What an import will do: every particle's voxels found, and everything checked that headers can tell."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.particle_list import ImageReference, ParticleList, Positions
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import VolumeReader
from tomosift.kit.contained_paths import ReferenceFinder
from tomosift.pool.import_problems import ImportProblems
from tomosift.pool.import_schemas import LARGEST_BOX, SMALLEST_BOX
from tomosift.pool.particle_identity import tomograms_of
from tomosift.pool.tomogram_file import TomogramFile
from tomosift.pool.voxel_sources import ImageCubes, VoxelSource

SAME_VOXEL_SIZE = 0.005
"""Relative: programs round voxel sizes, and half a percent moves nothing by a voxel within a box."""

T = TypeVar("T")
Tick = Callable[[int], None]


@dataclass(frozen=True)
class Expected:
    """What the project demands: its box and voxel size (Å), once it has some; `given` overrides what files say."""

    box: int | None = None
    voxel_size: float | None = None
    given_voxel_size: float | None = None


@dataclass(frozen=True)
class ImportPlan:
    """Checked particles of a list, in the order in which they are stored: `rows` are their rows in it, from 0.

    `centres` and `angles` are `(n, 3)` where the list has them; `frame` says what the centres count in; `padded` is
    the part of each box outside its tomogram, `(n,)`. `tomogram_files` are the tomograms that were given.
    """

    particles: ParticleList
    rows: NDArray[np.int64]
    voxels: VoxelSource
    box: int
    voxel_size: float
    voxel_size_origin: str
    names: Sequence[str]
    tomograms: Sequence[str]
    centres: NDArray[np.float64] | None
    angles: NDArray[np.float64] | None
    padded: NDArray[np.float32]
    frame: dict[str, Any]
    tomogram_files: Sequence[TomogramFile] = ()
    notes: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.rows)


def plan_images(
    particles: ParticleList,
    rows: NDArray[np.int64],
    files: ReferenceFinder,
    expected: Expected,
    problems: ImportProblems,
    tick: Tick,
    *,
    tomogram: str | None = None,
    absolute_is_relative: bool = False,
) -> ImportPlan | None:
    """Find the cubes of these rows among `files` and check all headers; None if `problems` were found.

    `tick(rows_done)` is called for each row. `absolute_is_relative`: an absolute path counts from the topmost folder,
    as in an upload, where the file lies at that path.
    """
    references = collected(problems, particles.image_references)
    if references is None:
        problems.add_if_none(particles.why_no_images)
        return None
    chosen = [references[row] for row in rows.tolist()]
    if absolute_is_relative:
        chosen = [ImageReference(each.path.lstrip("/"), each.index) for each in chosen]
    list_sizes = collected(problems, particles.pixel_sizes)
    positions = collected(problems, particles.positions)
    angles = collected(problems, particles.cube_angles)
    looked_at = _check_headers(chosen, rows, files, problems, tick)
    if problems:
        return None
    assert list_sizes is not None  # its absence is a problem
    box = check_boxes(looked_at.boxes, rows, expected.box, problems)
    voxel_size, origin = _check_voxel_sizes(particles, list_sizes[rows], looked_at.sizes, rows, expected, problems)
    if problems:
        return None
    names, tomograms = particles.particle_names(), tomograms_of(particles, tomogram)
    return ImportPlan(
        particles=particles,
        rows=rows,
        voxels=looked_at.cubes,
        box=box,
        voxel_size=voxel_size,
        voxel_size_origin=origin,
        names=[names[row] for row in rows.tolist()],
        tomograms=[tomograms[row] for row in rows.tolist()],
        centres=None if positions is None else positions.values[rows],
        angles=None if angles is None else angles[rows],
        padded=np.zeros(len(rows), np.float32),
        frame={} if positions is None else _frame(positions),
        notes=looked_at.notes,
    )


def collected(problems: ImportProblems, read: Callable[[], T]) -> T | None:
    """What `read` gives; its FormatProblem joins the others."""
    try:
        return read()
    except FormatProblem as problem:
        problems.add_format_problem(problem)
        return None


def check_boxes(
    boxes: NDArray[np.int64], rows: NDArray[np.int64], project_box: int | None, problems: ImportProblems
) -> int:
    """The one box size in voxels: the project's, else the list's most frequent."""
    sizes, counts = np.unique(boxes, return_counts=True)
    box = project_box or int(sizes[counts.argmax()])
    if not SMALLEST_BOX <= box <= LARGEST_BOX:
        problems.add(f"cubes of {box} voxels cannot be used; extract with {SMALLEST_BOX} to {LARGEST_BOX} voxels")
    whose = "the project has" if project_box else "most of the list has"
    for place in np.flatnonzero(boxes != box).tolist():
        problems.add(
            f"this cube has {boxes[place]} voxels along an edge, {whose} {box}; extract all with one box size",
            int(rows[place]) + 1,
            "image",
        )
    return box


def one_voxel_size(
    sizes: NDArray[np.float64], rows: NDArray[np.int64], expected: Expected, problems: ImportProblems
) -> float:
    """The one voxel size of known `sizes` `(n,)` in Å: the project's, else the list's median."""
    size = expected.voxel_size or float(np.median(sizes))
    whose = "the project has" if expected.voxel_size else "most of the list has"
    for place in np.flatnonzero(np.abs(sizes - size) > SAME_VOXEL_SIZE * size).tolist():
        problems.add(
            f"this cube has {sizes[place]:g} Å a voxel, {whose} {size:g}; extract all at one voxel size",
            int(rows[place]) + 1,
            "voxel size",
        )
    return size


@dataclass(frozen=True)
class _LookedAt:
    """The cubes, and what the headers say: boxes in voxels, voxel sizes in Å `(n,)` (NaN: none)."""

    cubes: ImageCubes
    boxes: NDArray[np.int64]
    sizes: NDArray[np.float64]
    notes: list[str]


def _check_headers(
    references: Sequence[ImageReference],
    rows: NDArray[np.int64],
    finder: ReferenceFinder,
    problems: ImportProblems,
    tick: Tick,
) -> _LookedAt:
    numbers = np.zeros(len(references), np.int32)
    indices = np.zeros(len(references), np.int32)
    numbers_by_name: dict[str, int] = {}
    files: list[str] = []
    facts: list[tuple[int, int, float]] = []  # of each file: cubes, box, voxel size
    notes: Counter[str] = Counter()
    with VolumeReader() as reader:
        for place, reference in enumerate(references):
            tick(place)
            if problems.is_full:
                break
            try:
                number = numbers_by_name.get(reference.path)
                if number is None:
                    file = finder.find(reference.path)
                    if file is None:
                        raise FormatProblem(
                            f"{reference.path} is not there; paths count from the list's folder and its parents"
                        )
                    volume = reader.open(file)
                    volume.number_of_cube(reference.index)
                    number = numbers_by_name[reference.path] = len(files)
                    size = math.nan if volume.voxel_size is None else volume.voxel_size
                    files.append(str(file))
                    facts.append((volume.n_cubes or 0, volume.shape_zyx[2], size))
                    notes.update(volume.notes)
                elif not 1 <= (reference.index or 0) <= facts[number][0]:
                    # Only to say what is wrong, if anything: a list of many files must not open each for every row.
                    reader.open(Path(files[number])).number_of_cube(reference.index)
            except FormatProblem as problem:
                problems.add_format_problem(problem, int(rows[place]) + 1)
                continue
            numbers[place], indices[place] = number, reference.index or 0
    boxes = np.array([box for _, box, _ in facts] or [0], np.int64)[numbers]
    sizes = np.array([size for _, _, size in facts] or [math.nan], np.float64)[numbers]
    return _LookedAt(ImageCubes(files, numbers, indices), boxes, sizes, _counted(notes))


def _counted(notes: Counter[str]) -> list[str]:
    return [note if count == 1 else f"{note} (so in {count} files)" for note, count in notes.most_common(20)]


def _check_voxel_sizes(
    particles: ParticleList,
    list_sizes: NDArray[np.float64],
    header_sizes: NDArray[np.float64],
    rows: NDArray[np.int64],
    expected: Expected,
    problems: ImportProblems,
) -> tuple[float, str]:
    """The one voxel size of the cubes in Å (given, else the list's, else the headers'), and where it comes from."""
    if expected.given_voxel_size is not None:
        sizes, origin = np.full(len(rows), expected.given_voxel_size), "given with the import"
    else:
        sizes = np.where(np.isnan(list_sizes), header_sizes, list_sizes)
        origin = "headers of the volumes" if np.isnan(list_sizes).any() else particles.pixel_size_origin or "the list"
    for place in np.flatnonzero(np.isnan(sizes)).tolist():
        problems.add(
            "its voxel size is unknown: neither the list nor the volume's header gives it; add it to the list "
            "(rlnImagePixelSize in data_optics), or give the voxel size with the import",
            int(rows[place]) + 1,
            "voxel size",
        )
    if problems:
        return math.nan, origin
    return one_voxel_size(sizes, rows, expected, problems), origin


def _frame(positions: Positions) -> dict[str, Any]:
    """What the centres count in; the voxel size only where all have one."""
    sizes = np.unique(positions.voxel_size)
    one = float(sizes[0]) if len(sizes) == 1 and np.isfinite(sizes[0]) and positions.unit == "voxel" else None
    return {"unit": positions.unit, "origin": positions.origin, "voxel_size": one}
