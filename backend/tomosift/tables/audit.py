"""Who did what that others may ask about later. Append-only: a trigger refuses UPDATE and DELETE of these rows."""

import uuid
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, BigKey, CreatedAt


class AuditEvent(Base):
    """One deed. Names stand beside ids, and nothing refers to other rows: it outlives what it speaks of.

    `action` is `thing.deed` (`role.given`, `project.deleted`); `target` names what it was done to.
    """

    __tablename__ = "audit_event"

    id: Mapped[BigKey]
    at: Mapped[CreatedAt]
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str]
    project_id: Mapped[uuid.UUID | None]
    project_slug: Mapped[str | None]
    action: Mapped[str]
    target: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")

    __table_args__ = (
        Index("ix_audit_event_project_id_id", "project_id", "id"),
        Index("ix_audit_event_actor_name_id", "actor_name", "id"),
        Index("ix_audit_event_action_id", "action", "id"),
    )
