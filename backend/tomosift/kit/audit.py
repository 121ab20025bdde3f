"""Writing the audit log: who did what, in the transaction that does it, so that a deed and its record are one."""

import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from tomosift.tables import AuditEvent


class Actor(Protocol):
    """Who does it: a signed-in user, or a row of `user_account`."""

    @property
    def id(self) -> uuid.UUID | None:
        """Their id."""

    @property
    def name(self) -> str:
        """The name they sign in as."""


class Place(Protocol):
    """The project it is done in: a row of `project`, or what names one by `id` and `slug`."""

    @property
    def id(self) -> uuid.UUID:
        """The project's id."""

    @property
    def slug(self) -> str:
        """Its short name."""


@dataclass(frozen=True)
class _Nobody:
    id: None
    name: str


SYSTEM: Actor = _Nobody(None, "(the service)")
"""What the service does by itself, because its time has come."""
UNKNOWN: Actor = _Nobody(None, "(not signed in)")
"""Somebody who has not proved who they are."""


def record(
    session: Session, actor: Actor, action: str, target: str, project: Place | None = None, **details: Any
) -> None:
    """Add a line to the audit log; it is kept if and only if this transaction commits.

    `action` is `thing.deed` (`role.given`, `cycle.launched`), `target` a name people know. Never give a secret.
    """
    session.add(
        AuditEvent(
            actor_id=actor.id,
            actor_name=actor.name,
            project_id=project.id if project else None,
            project_slug=project.slug if project else None,
            action=action,
            target=target[:300],
            details=details,
        )
    )
