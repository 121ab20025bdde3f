"""What an import will do: the list read, every cube found, and everything checked that headers can tell."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.mrc import VolumeReader, sections_of_cube
from tomosift.formats.particle_list import ImageReference
from tomosift.formats.problem import FormatProblem
from tomosift.formats.star import ParticleTable, read_particle_star
from tomosift.kit.contained_paths import ReferenceFinder
from tomosift.pool.import_problems import ImportProblems

SMALLEST_BOX, LARGEST_BOX = 8, 256
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
class Cube:
    """Where one particle's voxels are; `index` counts from 1 in a stack."""

    file: Path
    index: int | None


@dataclass(frozen=True)
class ImportPlan:
    """A checked list: one cube, name and tomogram a row; coordinates and angles `(n, 3)` where the list has them."""

    table: ParticleTable
    cubes: Sequence[Cube]
    box: int
    voxel_size: float
    names: Sequence[str]
    tomograms: Sequence[str]
    coordinates: NDArray[np.float64] | None
    angles: NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.cubes)


def read_list(path: Path) -> ParticleTable:
    """The particle list. Raises ProblemError 422 that names the row and the reason."""
    problems = ImportProblems()
    try:
        return read_particle_star(path)
    except FormatProblem as problem:
        problems.add_format_problem(problem)
    except FileNotFoundError:
        problems.add(f"{path.name} does not exist any more")
    except OSError as error:
        problems.add(f"{path.name} cannot be read ({error.strerror})")
    problems.raise_any()
    raise AssertionError("a problem was added above")


def plan_import(
    table: ParticleTable, files: ReferenceFinder, expected: Expected, tick: Tick, *, absolute_is_relative: bool = False
) -> ImportPlan:
    """Find every cube of `table` among `files` and check all headers.

    `tick(rows_done)` is called for each row. `absolute_is_relative`: an absolute path counts from the topmost folder,
    as in an upload, where the file lies at that path. Raises ProblemError 422 with all problems found, up to the limit.
    """
    problems = ImportProblems()
    references = _collected(problems, table.image_references) or []
    if absolute_is_relative:
        references = [ImageReference(each.path.lstrip("/"), each.index) for each in references]
    list_sizes = _collected(problems, table.pixel_sizes)
    coordinates = _collected(problems, table.coordinates)
    angles = _collected(problems, table.angles)
    cubes, boxes, header_sizes = _check_headers(references, files, problems, tick)
    problems.raise_any()
    assert list_sizes is not None  # its absence is a problem, raised above
    box = _check_boxes(boxes, expected.box, problems)
    voxel_size = _check_voxel_sizes(list_sizes, header_sizes, expected, problems)
    problems.raise_any()
    return ImportPlan(
        table=table,
        cubes=cubes,
        box=box,
        voxel_size=voxel_size,
        names=table.particle_names(),
        tomograms=table.tomogram_names(),
        coordinates=coordinates,
        angles=angles,
    )


def _collected(problems: ImportProblems, read: Callable[[], T]) -> T | None:
    try:
        return read()
    except FormatProblem as problem:
        problems.add_format_problem(problem)
        return None


def _check_headers(
    references: Sequence[ImageReference], finder: ReferenceFinder, problems: ImportProblems, tick: Tick
) -> tuple[list[Cube], list[int], list[float]]:
    """Each row's cube, its box, and the voxel size in its header (NaN: none)."""
    cubes, boxes, sizes = [], [], []
    with VolumeReader() as reader:
        for row, reference in enumerate(references, start=1):
            tick(row - 1)
            if problems.is_full:
                break
            try:
                file = finder.find(reference.path)
                if file is None:
                    raise FormatProblem(
                        f"{reference.path} is not there; paths count from the list's folder and its parents"
                    )
                header = reader.header(file)
                sections_of_cube(header, reference.index)
            except FormatProblem as problem:
                problems.add_format_problem(problem, row)
                continue
            cubes.append(Cube(file, reference.index))
            boxes.append(header.shape_zyx[2])
            sizes.append(header.voxel_size if header.voxel_size is not None else math.nan)
    return cubes, boxes, sizes


def _check_boxes(boxes: Sequence[int], project_box: int | None, problems: ImportProblems) -> int:
    box = project_box or Counter(boxes).most_common(1)[0][0]
    if not SMALLEST_BOX <= box <= LARGEST_BOX:
        problems.add(f"cubes of {box} voxels cannot be used; extract with {SMALLEST_BOX} to {LARGEST_BOX} voxels")
    whose = "the project has" if project_box else "most of the list has"
    for row, each in enumerate(boxes, start=1):
        if each != box:
            problems.add(
                f"this cube has {each} voxels along an edge, {whose} {box}; extract all with one box size",
                row,
                "rlnImageName",
            )
    return box


def _check_voxel_sizes(
    list_sizes: NDArray[np.float64], header_sizes: Sequence[float], expected: Expected, problems: ImportProblems
) -> float:
    """The one voxel size of the list in Å: given, else the list's, else the headers'."""
    if expected.given_voxel_size is not None:
        sizes = np.full(len(list_sizes), expected.given_voxel_size)
    else:
        sizes = np.where(np.isnan(list_sizes), np.asarray(header_sizes), list_sizes)
    for row in np.flatnonzero(np.isnan(sizes)) + 1:
        problems.add(
            "its voxel size is unknown: neither rlnImagePixelSize nor the MRC header gives it; add rlnImagePixelSize "
            "to data_optics, or import with --voxel-size",
            int(row),
            "rlnImagePixelSize",
        )
    if problems:
        return math.nan
    size = expected.voxel_size or float(np.median(sizes))
    whose = "the project has" if expected.voxel_size else "most of the list has"
    for row in np.flatnonzero(np.abs(sizes - size) > SAME_VOXEL_SIZE * size) + 1:
        problems.add(
            f"this cube has {sizes[row - 1]:g} Å a voxel, {whose} {size:g}; extract all at one voxel size",
            int(row),
            "rlnImagePixelSize",
        )
    return size
