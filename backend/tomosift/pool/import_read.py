"""The first half of an import and of its preview: the list is read, and every particle's voxels are found."""

import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from tomosift.formats.catalogue import read_particle_list
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem
from tomosift.kit.contained_paths import PathOutsideRoots, ReferenceFinder, resolve_inside
from tomosift.kit.problems import invalid
from tomosift.pool.cut_plan import place_particles, plan_boxes, with_tomograms
from tomosift.pool.import_order import ImportOrder
from tomosift.pool.import_plan import Expected, ImportPlan, plan_images
from tomosift.pool.import_problems import ImportProblems
from tomosift.pool.list_identity import list_checksum
from tomosift.pool.particle_identity import Identities, identify
from tomosift.pool.tomogram_files import TomogramFinder
from tomosift.tables import Project

Tell = Callable[[str, int, int, str], None]
"""Takes a stage, how much of it is done, of how much, and words about it."""


def read_list(order: ImportOrder) -> ParticleList:
    """The particle list. Raises ProblemError 422 that names the row and the reason, or says that it has changed."""
    try:
        path = resolve_inside(order.list_path, [order.root])
    except PathOutsideRoots as error:
        raise invalid("outside-import-folders", "Not in an import folder", str(error)) from error
    problems = ImportProblems()
    try:
        particles = read_particle_list(path, order.options.format)
        if list_checksum(path) != order.checksum:
            raise invalid(
                "list-changed", "The list has changed", "It was changed after the import began. Import it again."
            )
        return particles
    except FormatProblem as problem:
        problems.add_format_problem(problem)
    except OSError as error:
        problems.add(f"{path.name} cannot be read ({error.strerror})")
    problems.raise_any()
    raise AssertionError("a problem was added above")


def identify_particles(order: ImportOrder, particles: ParticleList) -> Identities:
    """What makes each row the same particle again. Raises ProblemError 422 for values that are no places or images."""
    problems = ImportProblems()
    try:
        return identify(particles, order.options.tomogram)
    except FormatProblem as problem:
        problems.add_format_problem(problem)
    problems.raise_any()
    raise AssertionError("a problem was added above")


def expected_of(session: Session, project_id: uuid.UUID, order: ImportOrder) -> Expected:
    """What the project demands of the voxels; nothing where all of them are replaced."""
    given = order.options.voxel_size_angstrom
    if order.options.replace_volumes:
        return Expected(given_voxel_size=given)
    project = session.get_one(Project, project_id)
    return Expected(project.box_size, project.voxel_size_angstrom, given)


def make_plan(
    order: ImportOrder,
    particles: ParticleList,
    rows: NDArray[np.int64],
    expected: Expected,
    problems: ImportProblems,
    tell: Tell,
) -> ImportPlan | None:
    """Find the voxels of these rows (from 0) of the list; None if `problems` were found."""
    options, in_upload = order.options, order.upload_id is not None
    placed = None
    if options.tomograms is not None:
        try:
            finder = TomogramFinder(options.tomograms, order.tomogram_roots, absolute_is_relative=in_upload)
        except FormatProblem as problem:
            problems.add_format_problem(problem)
            return None
        placed = place_particles(
            particles,
            rows,
            options.tomograms,
            finder,
            problems,
            lambda done, total: tell("tomograms", done, total, "looking at every tomogram"),
            tomogram=options.tomogram,
            list_voxel_size=options.voxel_size_angstrom if options.cut else None,
        )
        if placed is None:
            return None
        if options.cut is not None:
            return plan_boxes(particles, rows, placed, options.cut, expected, problems, tomogram=options.tomogram)
    plan = plan_images(
        particles,
        rows,
        ReferenceFinder(_folder_of(order.list_path), [order.root]),
        expected,
        problems,
        lambda done: tell("check", done, len(rows), "looking at every file"),
        tomogram=options.tomogram,
        absolute_is_relative=in_upload,
    )
    return with_tomograms(plan, placed) if plan is not None and placed is not None else plan


def _folder_of(path: Path) -> Path:
    """Where a list's references count from: its folder, or the list itself where it is a folder."""
    return path if path.is_dir() else path.parent
