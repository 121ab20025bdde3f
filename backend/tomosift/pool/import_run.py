"""The import job: check the list, copy or cut the voxels, publish everything in one transaction.

Until that transaction nothing is visible. Voxels and table lie under the attempt's own keys, so an attempt that was
given up for dead can touch nothing of the next one's. The next attempt takes over what the dead one had finished, if
list, request and files are still the same; what is left of other attempts is deleted.
"""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tomosift.formats.problem import FormatProblem
from tomosift.formats.volume_files import open_volume_file
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.job_control import FencedOff
from tomosift.kit.problems import invalid
from tomosift.kit.running_job import RunningJob, Stopping
from tomosift.kit.settings import get_settings
from tomosift.pool.already_there import find_existing
from tomosift.pool.attempts import ImportAttempt, attempt_key, remove_replaced_volumes, sweep_finished_imports
from tomosift.pool.import_order import ImportOrder
from tomosift.pool.import_plan import ImportPlan
from tomosift.pool.import_problems import ImportProblems
from tomosift.pool.import_publish import ImportedList, publish, publish_nothing_new
from tomosift.pool.import_read import expected_of, identify_particles, make_plan, read_list
from tomosift.pool.previews import remove_old_previews
from tomosift.pool.same_images import refuse_other_images
from tomosift.pool.source_table import write_table
from tomosift.pool.surroundings import OVERVIEW
from tomosift.pool.tomogram_rows import TomogramOverview, unknown_tomograms
from tomosift.pool.uploads import remove_dead_uploads
from tomosift.pool.volume_replacement import Replaced, publish_replacement, who_is_where
from tomosift.pool.voxel_copy import copy_voxels
from tomosift.tables import Job
from tomosift.volumes.tomogram_overview import make_overview


@dataclass(frozen=True)
class Array:
    """A volume array to fill with the particles `start` … `stop` − 1 of the plan."""

    name: str
    start: int
    stop: int


def run_import(job: RunningJob) -> None:
    """Do a claimed import job. Raises ProblemError where the input is at fault; nothing is half imported then."""
    settings = get_settings()
    order = ImportOrder.from_payload(job.claim.payload)
    attempt = ImportAttempt(settings, job.claim.job_id, job.claim.attempt)
    try:
        if order.options.replace_volumes:
            _replace_volumes(job, order, attempt)
        else:
            _add_new(job, order, attempt)
    except (Stopping, FencedOff):
        # The next attempt goes on with what is there; a worker that lost the job leaves everything alone.
        raise
    except BaseException:
        attempt.discard()
        raise
    attempt.published()
    if order.upload_id is not None:
        remove_used_uploads()
    if order.options.replace_volumes:
        remove_replaced_volumes(settings)


def attempt_source_id(job_id: uuid.UUID, attempt: int) -> uuid.UUID:
    """The id that an attempt's source gets."""
    return attempt_key(job_id, attempt)


def sweep_leftovers() -> None:
    """Clear up after imports whose last worker died, and what has been replaced or expired: when a worker starts."""
    sweep_finished_imports(get_settings())
    remove_old_previews(get_settings())
    remove_used_uploads()


def remove_used_uploads() -> None:
    """Delete uploads that were imported or have expired."""
    with transaction() as session:
        remove_dead_uploads(session, get_settings())


def _add_new(job: RunningJob, order: ImportOrder, attempt: ImportAttempt) -> None:
    """Import the particles that the project does not have."""
    job.report("read", 0, 1, f"reading {order.name}")
    particles = read_list(order)
    identities = identify_particles(order, particles)
    with transaction() as session:
        project_id = _project_of(session.get_one(Job, job.claim.job_id))
        same_list = order.checksum if particles.format == "relion" else None
        existing = find_existing(session, project_id, identities.values, same_list)
        expected = expected_of(session, project_id, order)
        if identities.made_of == "image":
            refuse_other_images(session, order, particles, existing, job.report)
    rows = np.flatnonzero(existing == 0)
    already_there = len(particles) - len(rows)
    if not len(rows):
        with transaction() as session:
            publish_nothing_new(session, job.claim, order, already_there)
        return
    problems = ImportProblems()
    plan = make_plan(order, particles, rows, expected, problems, job.report)
    problems.raise_any()
    assert plan is not None  # no problems, so there is a plan
    hashes = _copy(job, attempt, order, plan, [Array(str(attempt.key), 0, len(plan))])
    artifacts = ArtifactStore(get_settings().effective_store_url)
    write_table(artifacts, attempt.table_key, particles.rows, rows)
    overviews = _make_overviews(job, attempt, plan, project_id, replace=False)
    job.report("publish", 0, 1, "writing the pool")
    imported = ImportedList(
        plan=plan,
        order=order,
        source_id=attempt.key,
        table_key=attempt.table_key,
        content_hashes=hashes,
        identities=[identities.values[row] for row in rows.tolist()],
        already_there=already_there,
        overviews=overviews,
    )
    with transaction() as session:
        publish(session, job.claim, imported)


def _replace_volumes(job: RunningJob, order: ImportOrder, attempt: ImportAttempt) -> None:
    """Give every particle of the project the voxels that this list names or that are cut for it."""
    job.report("read", 0, 1, f"reading {order.name}")
    particles = read_list(order)
    identities = identify_particles(order, particles).values
    with transaction() as session:
        project_id = _project_of(session.get_one(Job, job.claim.job_id))
        same_list = order.checksum if particles.format == "relion" else None
        existing = find_existing(session, project_id, identities, same_list)
        expected = expected_of(session, project_id, order)
        where = who_is_where(session, project_id, existing)
    problems = ImportProblems()
    plan = make_plan(order, particles, where.rows, expected, problems, job.report)
    problems.raise_any()
    assert plan is not None  # no problems, so there is a plan
    arrays = [
        Array(str(uuid.uuid5(attempt.key, str(source_id))), start, stop) for source_id, start, stop in where.sources
    ]
    hashes = _copy(job, attempt, order, plan, arrays)
    overviews = _make_overviews(job, attempt, plan, project_id, replace=True)
    job.report("publish", 0, 1, "writing the pool")
    replaced = Replaced(plan, order, where, [array.name for array in arrays], hashes, overviews)
    with transaction() as session:
        publish_replacement(session, job.claim, replaced)


def _copy(
    job: RunningJob, attempt: ImportAttempt, order: ImportOrder, plan: ImportPlan, arrays: Sequence[Array]
) -> list[str]:
    """Fill the arrays, going on where an earlier attempt stopped; returns the content hashes of all particles."""
    attempt.begin(_fingerprint(order, plan, arrays), [array.name for array in arrays])
    stored = [attempt.array(each.name, each.stop - each.start, plan.box, plan.voxel_size) for each in arrays]
    records = [attempt.records(number, array) for number, array in enumerate(stored)]
    there = sum(each.count() for each in records)
    if there:
        job.log(f"went on at {there:,} of {len(plan):,}: these volumes were copied before")
    hashes: list[str] = []
    for each, array, finished in zip(arrays, stored, records, strict=True):
        places = np.arange(each.start, each.stop)
        hashes += copy_voxels(
            plan.voxels.take(places),
            array,
            lambda done, start=each.start: job.report("copy", start + done, len(plan), "copying voxels"),  # type: ignore[misc]
            finished,
            plan.rows[places],
        )
    job.report("copy", len(plan), len(plan), "copying voxels")
    return hashes


def _fingerprint(order: ImportOrder, plan: ImportPlan, arrays: Sequence[Array]) -> str:
    """Equal for two attempts that would write the same voxels in the same places."""
    request = json.dumps(order.as_payload(), sort_keys=True)
    places = [(each.start, each.stop) for each in arrays]
    digest = hashlib.blake2b(repr((request, plan.box, plan.voxel_size, places)).encode(), digest_size=16)
    digest.update(plan.rows.tobytes())
    digest.update(plan.voxels.fingerprint().encode())
    return digest.hexdigest()


def _make_overviews(
    job: RunningJob, attempt: ImportAttempt, plan: ImportPlan, project_id: uuid.UUID, *, replace: bool
) -> list[TomogramOverview]:
    """A small copy of each tomogram that the project does not show yet."""
    artifacts = ArtifactStore(get_settings().effective_store_url)
    with transaction() as session:
        files = unknown_tomograms(session, project_id, plan.tomogram_files, replace=replace)
    made = []
    for number, file in enumerate(files):
        job.report("overview", number, len(files), "making a small copy of every tomogram")
        key = attempt.overview_key(number)
        try:
            with open_volume_file(file.path) as volume:
                overview = make_overview(volume)
        except FormatProblem as problem:
            raise invalid("bad-tomogram", "A tomogram cannot be read", f"{problem.message}.") from problem
        artifacts.write_tensors(key, {OVERVIEW: overview.volume})
        made.append(TomogramOverview(file, key, overview.binning))
    return made


def _project_of(job: Job) -> uuid.UUID:
    assert job.project_id is not None  # an import always has a project
    return job.project_id
