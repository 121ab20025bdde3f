"""The preview job: what an import would do, found out with headers and ten samples, and nothing written to the pool."""

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.catalogue import format_by_key
from tomosift.formats.particle_list import ParticleList
from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import VolumeReader
from tomosift.kit import job_control
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import get_settings
from tomosift.pool.already_there import find_existing
from tomosift.pool.import_order import ImportOrder
from tomosift.pool.import_plan import ImportPlan
from tomosift.pool.import_problems import ImportProblems
from tomosift.pool.import_read import expected_of, make_plan, read_list
from tomosift.pool.particle_identity import Identities, identify, tomograms_of
from tomosift.pool.preview_checks import angles_note, contrast_warning
from tomosift.pool.previews import remove_old_previews, write_sample
from tomosift.tables import Job, Project

SAMPLES = 10
MOST_LOOKED_AT = 2_000
"""Rows of image files whose headers a preview reads; the import reads all."""
MOST_CLASS_VALUES = 30
MOST_TOMOGRAMS = 20


def run_preview(job: RunningJob) -> None:
    """Do a claimed preview job. Raises ProblemError where the list cannot be read at all."""
    settings = get_settings()
    remove_old_previews(settings)
    order = ImportOrder.from_payload(job.claim.payload)
    job.report("read", 0, 1, f"reading {order.name}")
    particles = read_list(order)
    problems = ImportProblems()
    identities = _identities(particles, order, problems)
    with transaction() as session:
        project_id = session.get_one(Job, job.claim.job_id).project_id
        assert project_id is not None  # a preview always has a project
        contrast = session.get_one(Project, project_id).protein_contrast
        expected = expected_of(session, project_id, order)
        same_list = order.checksum if particles.format == "relion" else None
        existing = find_existing(session, project_id, identities.values, same_list)
    looked_at = _rows_to_look_at(existing, order)
    plan = None if problems else make_plan(order, particles, looked_at, expected, problems, job.report)
    store = ArtifactStore(settings.effective_store_url)
    samples, volumes = _read_samples(job, plan, store, problems) if plan is not None else ([], [])
    found = {
        **_about_list(particles, order),
        **_about_voxels(particles, order, plan),
        "new_count": int((existing == 0).sum()),
        "already_there": int((existing > 0).sum()),
        "samples": samples,
        "warnings": _warnings(particles, order, plan, identities, contrast_warning(volumes, contrast)),
        "notes": [*particles.notes, *_notes(plan, looked_at, len(particles))],
        "errors": problems.as_json(),
    }
    with transaction() as session:
        job_control.finish(session, job.claim.job_id, job.claim.token, "succeeded", result=found)


def _identities(particles: ParticleList, order: ImportOrder, problems: ImportProblems) -> Identities:
    try:
        return identify(particles, order.options.tomogram)
    except FormatProblem as problem:
        problems.add_format_problem(problem)
        return Identities([uuid.uuid4().bytes for _ in range(len(particles))], "row", 0)


def _rows_to_look_at(existing: NDArray[np.int64], order: ImportOrder) -> NDArray[np.int64]:
    """The rows that would come in, or all where none would; some, evenly spread, of very many image files."""
    rows = np.flatnonzero(existing == 0)
    if order.options.replace_volumes or not len(rows):
        rows = np.arange(len(existing))
    if order.options.cut is not None or len(rows) <= MOST_LOOKED_AT:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_LOOKED_AT).round().astype(np.int64)]


def _read_samples(
    job: RunningJob, plan: ImportPlan, store: ArtifactStore, problems: ImportProblems
) -> tuple[list[dict[str, Any]], list[NDArray[np.float32]]]:
    """Sample volumes from all over the list, kept for the browser; those that cannot be read join the problems."""
    samples: list[dict[str, Any]] = []
    volumes: list[NDArray[np.float32]] = []
    places = np.unique(np.linspace(0, len(plan) - 1, min(SAMPLES, len(plan))).round().astype(np.int64)).tolist()
    with VolumeReader() as reader:
        for done, place in enumerate(places):
            job.report("samples", done, len(places), "reading samples")
            row = int(plan.rows[place]) + 1
            try:
                volume = plan.voxels.read(reader, place)
            except FormatProblem as problem:
                problems.add_format_problem(problem, row)
                continue
            write_sample(store, job.claim.job_id, len(samples), volume)
            samples.append(
                {
                    "number": len(samples),
                    "row": row,
                    "name": plan.names[place],
                    "tomogram": plan.tomograms[place] or None,
                    "padded": round(float(plan.padded[place]), 4),
                }
            )
            volumes.append(volume)
    return samples, volumes


def _about_list(particles: ParticleList, order: ImportOrder) -> dict[str, Any]:
    tomograms = sorted(set(tomograms_of(particles, order.options.tomogram)) - {""})
    column = particles.class_column
    counts = {} if column is None else dict(particles.rows[column].value_counts())
    return {
        "name": order.name,
        "format": particles.format,
        "format_title": format_by_key(particles.format).title,
        "flavour": particles.flavour,
        "row_count": len(particles),
        "tomogram_count": len(tomograms),
        "tomograms": tomograms[:MOST_TOMOGRAMS],
        "class_column": column,
        "class_values": [
            {"value": str(value), "count": int(count)} for value, count in list(counts.items())[:MOST_CLASS_VALUES]
        ],
        "class_value_count": len(counts),
    }


def _about_voxels(particles: ParticleList, order: ImportOrder, plan: ImportPlan | None) -> dict[str, Any]:
    if order.options.cut is not None:
        kind = "cut"
    elif plan is not None or _has_images(particles):
        kind = "images"
    else:
        kind = "coordinates"
    return {
        "kind": kind,
        "box_size": plan.box if plan is not None else order.options.cut and order.options.cut.box_size,
        "voxel_size_angstrom": plan.voxel_size if plan is not None else None,
        "voxel_size_origin": plan.voxel_size_origin if plan is not None else "",
        "padded_count": int((plan.padded > 0).sum()) if plan is not None else 0,
    }


def _has_images(particles: ParticleList) -> bool:
    try:
        return particles.image_references() is not None
    except FormatProblem:
        return True


def _warnings(
    particles: ParticleList,
    order: ImportOrder,
    plan: ImportPlan | None,
    identities: Identities,
    contrast: str | None,
) -> list[str]:
    found = [contrast] if contrast else []
    if identities.repeated:
        where = {"place": "place", "image": "image", "row": "name"}[identities.made_of]
        found.append(
            f"{identities.repeated:,} particles have the same {where} as one before them in the list; all are imported"
        )
    if plan is None:
        return found
    padded = int((plan.padded > 0).sum())
    if padded:
        found.append(
            f"{padded:,} boxes reach over the edge of their tomogram and are filled up with the mean of what is inside"
        )
    if order.options.cut is not None and order.options.voxel_size_angstrom is None and _voxels_unknown(particles):
        found.append(
            "the list does not say how large the voxels are that its coordinates count; they are taken as those of the "
            "tomograms unless you give the voxel size"
        )
    return found


def _voxels_unknown(particles: ParticleList) -> bool:
    positions = particles.positions()
    return positions is not None and positions.unit == "voxel" and bool(np.isnan(positions.voxel_size).any())


def _notes(plan: ImportPlan | None, looked_at: NDArray[np.int64], count: int) -> Sequence[str]:
    if plan is None:
        return ()
    notes = list(plan.notes)
    if plan.angles is not None and (note := angles_note(plan.angles)):
        notes.append(note)
    if len(looked_at) == MOST_LOOKED_AT < count:
        notes.append(f"the files of {MOST_LOOKED_AT:,} rows were looked at; the import looks at all")
    return notes
