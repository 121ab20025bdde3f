"""Asking for a label import or for its undoing: everything that can be checked at once is, the work is a job."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.accounts.users import ensure_importer
from tomosift.kit.broker import CPU_QUEUE
from tomosift.kit.outbox import post_job
from tomosift.kit.problems import conflict, invalid, not_found
from tomosift.pool.imports import ListLocation
from tomosift.pool.label_schemas import LabelImport, LabelImportRequest
from tomosift.tables import Job, Source

LABEL_IMPORT_TASK = "tomosift.import_labels"
UNDO_TASK = "tomosift.undo_label_import"
LABEL_IMPORT, UNDO = "label-import", "label-import-undo"
SHOWN_LISTS = 10


def request_label_import(
    session: Session,
    project_id: uuid.UUID,
    user_id: uuid.UUID | None,
    request: LabelImportRequest,
    location: ListLocation | None,
) -> Job:
    """Post a label-import job. `location`: the file with the labels; None for a column of the source's own list.

    Raises ProblemError: 404 no such source, 409 `name-taken` for an importer named like a person, 422 `row-of-which`.
    """
    _check_source(session, project_id, request)
    importer = ensure_importer(session, request.importer)
    return _post(
        session,
        Job(
            project_id=project_id,
            kind=LABEL_IMPORT,
            task=LABEL_IMPORT_TASK,
            created_by=user_id,
            payload={
                "request": request.model_dump(mode="json", by_alias=True),
                "importer_id": str(importer.id),
                "file": str(location.path) if location else None,
                "root": str(location.root) if location else None,
                "upload_id": str(location.upload_id) if location and location.upload_id else None,
            },
        ),
    )


def request_labels_of_source(
    session: Session, project_id: uuid.UUID, user_id: uuid.UUID | None, source_id: uuid.UUID, labels: LabelImport
) -> Job:
    """Post the job that reads the labels an import brought along in its own list."""
    request = LabelImportRequest(**labels.model_dump(by_alias=True), source_id=source_id)
    return request_label_import(session, project_id, user_id, request, None)


def request_undo(session: Session, project_id: uuid.UUID, user_id: uuid.UUID, job_id: uuid.UUID) -> Job:
    """Post the job that takes a whole label import back.

    Raises ProblemError: 404 no such label import, 409 while it runs and for predictions.
    """
    job = session.get(Job, job_id)
    if job is None or job.project_id != project_id or job.kind != LABEL_IMPORT:
        raise not_found("label import")
    if job.state in ("queued", "running"):
        raise conflict("label-import-running", "The labels are being imported", "Cancel the job, or wait for its end.")
    if job.payload["request"]["as"] == "predictions":
        raise conflict(
            "predictions-stay",
            "Predictions are not taken back",
            "They are no labels and decide nothing. Import other predictions to replace them.",
        )
    return _post(
        session,
        Job(
            project_id=project_id,
            kind=UNDO,
            task=UNDO_TASK,
            created_by=user_id,
            payload={"label_import": str(job.id)},
        ),
    )


def _check_source(session: Session, project_id: uuid.UUID, request: LabelImportRequest) -> None:
    if request.source_id is not None:
        source = session.get(Source, request.source_id)
        if source is None or source.project_id != project_id:
            raise not_found("list")
    elif request.matches == "row":
        sources = session.scalars(select(Source).where(Source.project_id == project_id).order_by(Source.created_at))
        only_list(sources.all())


def only_list(sources: Sequence[Source]) -> Source | None:
    """The project's one list; None before the first. Raises ProblemError 422 that tells several apart."""
    if len(sources) > 1:
        shown = ", ".join(f"{each.id} ({each.name})" for each in sources[:SHOWN_LISTS])
        more = f" and {len(sources) - SHOWN_LISTS} more" if len(sources) > SHOWN_LISTS else ""
        raise invalid(
            "row-of-which",
            "Rows of which list?",
            f"The project has several lists; give the id of the one whose rows are meant: {shown}{more}.",
        )
    return sources[0] if sources else None


def _post(session: Session, job: Job) -> Job:
    job.id, job.queue = uuid.uuid4(), CPU_QUEUE
    post_job(session, job)
    session.refresh(job)
    return job


def payload_request(payload: dict[str, Any]) -> LabelImportRequest:
    """The request in a job's payload."""
    return LabelImportRequest.model_validate(payload["request"])
