"""The job that ends a deleted project: its files first, while rows still name them, then its rows piece by piece.

Every step may be repeated, and each piece of rows is a transaction of its own; whatever kills the job, its next attempt
goes on.
"""

import uuid
from collections.abc import Callable, Sequence

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from tomosift.kit import job_control
from tomosift.kit.audit import SYSTEM, record
from tomosift.kit.database import transaction
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import Settings, get_settings
from tomosift.tables import Project

RemoveFiles = Callable[[Settings, uuid.UUID], None]
"""Deletes the files that one part of the program keeps for a project."""

ROWS_AT_ONCE = 5000
# The large tables, each before those it refers to, and of each the newest rows first: an undo goes before the event it
# undoes. What is left goes with the project's own row.
_TABLES = (
    ("current_label", "subtomogram_id"),
    ("label_event", "id"),
    ("lease", "id"),
    ("queue_item", "id"),
    ("evaluation_item", "subtomogram_id"),
    ("cycle", "number"),
    ("job", "created_at"),
    ("unlabeled_subtomogram", "subtomogram_id"),
    ("subtomogram", "id"),
)


def run_purge(job: RunningJob, rooms: Sequence[RemoveFiles]) -> None:
    """Delete everything of the project that the claimed job names; one that is gone already is fine."""
    project_id = uuid.UUID(job.claim.payload["project_id"])
    settings = get_settings()
    with transaction() as session:
        is_due = _find_due(session, project_id) is not None
    if is_due:
        for number, remove_files in enumerate(rooms):
            job.report("files", number, len(rooms), "deleting files")
            remove_files(settings, project_id)
        for number, (table, newest) in enumerate(_TABLES):
            while _delete_piece(table, newest, project_id):
                job.report("rows", number, len(_TABLES), f"deleting rows of {table}")
    with transaction() as session:
        job_control.hold(session, job.claim.job_id, job.claim.token)
        project = _find_due(session, project_id)
        if project is not None:
            record(session, SYSTEM, "project.purged", project.slug, project)
            _allow_delete(session)
            session.execute(delete(Project).where(Project.id == project_id))
        job_control.finish(session, job.claim.job_id, job.claim.token, "succeeded", result={})


def _find_due(session: Session, project_id: uuid.UUID) -> Project | None:
    """The project, if it is one whose time has passed."""
    project = session.get(Project, project_id)
    return project if project is not None and project.archived_at and project.delete_after else None


def _delete_piece(table: str, newest: str, project_id: uuid.UUID) -> bool:
    """Delete some rows; False if there were none."""
    some = f"SELECT ctid FROM {table} WHERE project_id = :project ORDER BY {newest} DESC LIMIT :rows"  # noqa: S608
    statement = text(f"DELETE FROM {table} WHERE ctid = ANY(ARRAY({some}))")  # noqa: S608 - names of ours, see above
    with transaction() as session:
        _allow_delete(session)
        deleted = session.execute(statement, {"project": project_id, "rows": ROWS_AT_ONCE})
        return bool(deleted.rowcount)  # type: ignore[attr-defined]


def _allow_delete(session: Session) -> None:
    session.execute(text("SET LOCAL tomosift.allow_delete = 'on'"))
