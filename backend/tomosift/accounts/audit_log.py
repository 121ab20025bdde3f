"""Reading the audit log: pages and whole files, newest first or oldest first, filtered."""

import csv
import io
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tomosift.accounts.audit_schemas import AuditEventOut
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, decode_cursor, page_of
from tomosift.tables import AuditEvent

ROWS_AT_ONCE = 1000
COLUMNS = ("id", "at", "actor", "action", "target", "project", "details")


@dataclass(frozen=True)
class AuditFilter:
    """Which events to show; in a route's signature it gives the query parameters."""

    actor: Annotated[str | None, Query(max_length=64, description="Only what this user did, by name.")] = None
    action: Annotated[
        str | None,
        Query(
            max_length=64, pattern=r"^[a-z-]+(\.[a-z-]+)?$", description="`role.given`, or `role` for all about roles."
        ),
    ] = None
    since: Annotated[datetime | None, Query(description="Not before this time (UTC, if it names no zone).")] = None
    until: Annotated[datetime | None, Query(description="Before this time.")] = None

    def apply(self, query: "Select[AuditEvent]") -> "Select[AuditEvent]":
        """The query, narrowed."""
        if self.actor is not None:
            query = query.where(AuditEvent.actor_name == self.actor)
        if self.action is not None and "." in self.action:
            query = query.where(AuditEvent.action == self.action)
        elif self.action is not None:
            query = query.where(AuditEvent.action.startswith(f"{self.action}.", autoescape=True))
        if self.since is not None:
            query = query.where(AuditEvent.at >= _zoned(self.since))
        if self.until is not None:
            query = query.where(AuditEvent.at < _zoned(self.until))
        return query


AuditFile = Annotated[
    Literal["ndjson", "csv"], Query(description="One JSON object a line, or a table with a header line.")
]
AUDIT_FILE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Every event that the filters let through, oldest first.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}},
    }
}
MEDIA_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


def read_page(
    session: Session, wanted: AuditFilter, project_id: uuid.UUID | None, limit: int, after: str | None
) -> Page[AuditEventOut]:
    """One page, newest first; of one project, or of all."""
    cursor = decode_cursor(after, int)
    query = _of(project_id, wanted).order_by(AuditEvent.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(AuditEvent.id < cursor[0])
    rows = session.scalars(query).all()
    return page_of(rows, limit, _event_out, lambda row: (row.id,))


def stream(wanted: AuditFilter, project_id: uuid.UUID | None, kind: str) -> Iterator[str]:
    """The lines of a whole file, oldest first, in bounded memory; each piece of rows in a transaction of its own."""
    if kind == "csv":
        yield _csv_lines([COLUMNS])
    last_id = 0
    while True:
        with transaction() as session:
            query = _of(project_id, wanted).where(AuditEvent.id > last_id).order_by(AuditEvent.id).limit(ROWS_AT_ONCE)
            events = [_event_out(row) for row in session.scalars(query)]
        if not events:
            return
        last_id = events[-1].id
        if kind == "csv":
            yield _csv_lines([_csv_row(each) for each in events])
        else:
            yield "".join(f"{each.model_dump_json()}\n" for each in events)


def _zoned(time: datetime) -> datetime:
    """A time that names no zone is UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _of(project_id: uuid.UUID | None, wanted: AuditFilter) -> "Select[AuditEvent]":
    query = wanted.apply(select(AuditEvent))
    return query if project_id is None else query.where(AuditEvent.project_id == project_id)


def _event_out(row: AuditEvent) -> AuditEventOut:
    return AuditEventOut(
        id=row.id,
        at=row.at,
        actor=row.actor_name,
        actor_id=row.actor_id,
        action=row.action,
        target=row.target,
        project=row.project_slug,
        details=row.details,
    )


def _csv_row(event: AuditEventOut) -> tuple[str, ...]:
    details = json.dumps(event.details, sort_keys=True, ensure_ascii=False)
    cells = (event.actor, event.action, event.target, event.project or "", details)
    return (str(event.id), event.at.isoformat(), *map(_harmless, cells))


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet program takes for text, whatever a target is called."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _csv_lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
