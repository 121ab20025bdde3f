"""The label-import job and its undoing: read, match, settle every value, and only then write, part by part.

A part is one transaction, so people who decide meanwhile wait a moment at most. A job that was cut off goes on: what
the importer said already is not said again. A cancelled one takes back what it wrote.
"""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import select

from tomosift.formats.problem import FormatProblem
from tomosift.kit import job_control
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.contained_paths import PathOutsideRoots, resolve_inside
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.job_control import Cancelled
from tomosift.kit.problems import invalid
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import get_settings
from tomosift.pool.label_import_classes import settle_values
from tomosift.pool.label_import_files import LabelRows, column_of_source, rows_of_file, rows_of_source
from tomosift.pool.label_import_staging import LabelStaging, label_staging
from tomosift.pool.label_import_writing import (
    Importer,
    stage_undo,
    take_back,
    write_labels,
    write_predictions,
    written_counts,
)
from tomosift.pool.label_imports import only_list, payload_request
from tomosift.pool.label_schemas import LabelImportRequest, LabelUse
from tomosift.pool.predicted_batch import redraw_first_batch
from tomosift.pool.uploads import remove_dead_uploads
from tomosift.tables import Job, Source, Upload

PART = 20_000
_WORK: dict[LabelUse, str] = {"labels": "import", "evaluation-truth": "evaluation", "predictions": "import"}


def run_label_import(job: RunningJob) -> None:
    """Do a claimed label-import job. Raises ProblemError where the input is at fault; nothing is written then."""
    request = payload_request(job.claim.payload)
    importer = _importer(job, job.claim.job_id)
    with label_staging() as staging:
        rows = _stage(job, request, importer.project_id, staging)
        with transaction() as session:
            meanings = settle_values(session, importer.project_id, request, staging.value_counts())
        skipped = staging.decide_targets(request.use, meanings)
        result: dict[str, object] = {
            "as": request.use,
            "importer": request.importer,
            "column": rows.column,
            "matched_by": rows.match_column or rows.match,
            "skipped": skipped,
            "unmatched_examples": staging.unmatched_keys() if "no-such-particle" in skipped else [],
        }
        try:
            _write(job, request, importer, staging)
        except Cancelled:
            _take_everything_back(job, importer)
            raise
        _finish(job, request, importer, staging, result)
    with transaction() as session:
        remove_dead_uploads(session, get_settings())


def run_label_import_undo(job: RunningJob) -> None:
    """Take back every standing event of a label import."""
    importer = _importer(job, uuid.UUID(job.claim.payload["label_import"]))
    with label_staging() as staging:
        taken = _take_back(job, importer, staging, lambda done, total: job.report("labels", done, total, "taking back"))
        with staging.transaction() as session:
            job_control.write_log(session, job.claim.job_id, f"{taken:,} labels taken back")
            job_control.finish(session, job.claim.job_id, job.claim.token, "succeeded", result={"taken_back": taken})
            job_control.announce(session, importer.project_id, "decision")
            job_control.announce(session, importer.project_id, "queue", reason="label-import")


def _importer(job: RunningJob, label_import_id: uuid.UUID) -> Importer:
    with transaction() as session:
        label_import = session.get_one(Job, label_import_id)
        assert label_import.project_id is not None  # a label import always has a project
        return Importer(
            project_id=label_import.project_id,
            user_id=uuid.UUID(label_import.payload["importer_id"]),
            job_id=label_import.id,
            work=_WORK[payload_request(label_import.payload).use],
        )


def _stage(job: RunningJob, request: LabelImportRequest, project_id: uuid.UUID, staging: LabelStaging) -> LabelRows:
    """Read everything and find each row's particle."""
    job.report("read", 0, 1, "reading the labels")
    store = ArtifactStore(get_settings().effective_store_url)
    with transaction() as session:
        query = select(Source).where(Source.project_id == project_id).order_by(Source.created_at)
        if request.source_id is not None:
            query = query.where(Source.id == request.source_id)
        sources = session.scalars(query).all()
    if not sources:
        raise invalid("nothing-imported", "There is nothing to label yet", "Import the particles first.")
    try:
        rows = _rows(job, request, sources, store)
        done = 0
        for count in staging.add_rows(rows):
            done += count
            job.report("read", done, done, "reading the labels")
    except FormatProblem as problem:
        place = f"Row {problem.row}: " if problem.row is not None else ""
        raise invalid(
            "bad-labels", "The labels cannot be read", f"{place}{problem.message}. Nothing was written."
        ) from problem
    job.report("match", 0, 1, "finding the particles")
    if rows.match_column is not None:
        for source in sources:
            if rows.match_column in source.columns:
                staging.add_keys(source.id, column_of_source(source, rows.match_column, store))
    only = request.source_id
    if rows.match == "row" and rows.source_id is None and only is None:
        only = None if (one := only_list(sources)) is None else one.id
    staging.match(project_id, rows.match, only)
    return rows


def _rows(job: RunningJob, request: LabelImportRequest, sources: Sequence[Source], store: ArtifactStore) -> LabelRows:
    file, root = job.claim.payload["file"], job.claim.payload["root"]
    if file is None:
        return rows_of_source(sources[0], request, store)
    try:
        path = resolve_inside(file, [Path(root)])
    except PathOutsideRoots as error:
        raise invalid("outside-import-folders", "Not in an import folder", str(error)) from error
    columns = list(dict.fromkeys(column for source in sources for column in source.columns))
    return rows_of_file(path, request, columns)


def _write(job: RunningJob, request: LabelImportRequest, importer: Importer, staging: LabelStaging) -> None:
    parts = staging.ranges(PART)
    total, done = sum(count for _, _, count in parts), 0
    for first, last, count in parts:
        job.report("labels", done, total, "writing labels")
        with staging.transaction() as session:
            job_control.hold(session, job.claim.job_id, job.claim.token)
            if request.use == "predictions":
                write_predictions(session, first, last)
            else:
                write_labels(session, importer, first, last)
        done += count
    job.report("labels", done, total, "writing labels")


def _finish(
    job: RunningJob,
    request: LabelImportRequest,
    importer: Importer,
    staging: LabelStaging,
    result: dict[str, object],
) -> None:
    with staging.transaction() as session:
        targets = staging.target_counts(session)
        batch = redraw_first_batch(session, importer.project_id) if request.use == "predictions" else 0
        written = targets if request.use == "predictions" else written_counts(session, importer)
        result |= {"written": written, "said_before": sum(targets.values()) - sum(written.values()), "redrawn": batch}
        skipped = result["skipped"]
        left_out = sum(skipped.values()) if isinstance(skipped, dict) else 0
        message = f"{sum(written.values()):,} {request.use} in the name of {request.importer}; {left_out:,} left out"
        job_control.write_log(session, job.claim.job_id, message)
        job_control.finish(session, job.claim.job_id, job.claim.token, "succeeded", result=result)
        if job.claim.payload["upload_id"] is not None:
            session.get_one(Upload, uuid.UUID(job.claim.payload["upload_id"])).consumed_at = utc_now()
        job_control.announce(session, importer.project_id, "decision")
        job_control.announce(session, importer.project_id, "queue", reason="label-import")


def _take_everything_back(job: RunningJob, importer: Importer) -> None:
    with label_staging() as staging:
        _take_back(job, importer, staging, lambda done, total: None)


def _take_back(job: RunningJob, importer: Importer, staging: LabelStaging, tick: Callable[[int, int], None]) -> int:
    with staging.transaction() as session:
        stage_undo(session, importer)
    parts = staging.ranges(PART)
    total, taken = sum(count for _, _, count in parts), 0
    for first, last, _ in parts:
        tick(taken, total)
        with staging.transaction() as session:
            job_control.hold(session, job.claim.job_id, job.claim.token)
            taken += take_back(session, importer, first, last)
    return taken
