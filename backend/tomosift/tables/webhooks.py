"""Messages to other services about what happens in a project."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, BigKey, CreatedAt, UuidKey


class Webhook(Base):
    """An address that is told of some kinds of events. `secret` signs what is sent (HMAC), so it is kept as it is."""

    __tablename__ = "webhook"

    id: Mapped[UuidKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    url: Mapped[str]
    secret: Mapped[str]
    events: Mapped[list[str]]
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]


class WebhookDelivery(Base):
    """One event for one webhook: sent until it is answered with 2xx or the tries are used up."""

    __tablename__ = "webhook_delivery"

    id: Mapped[BigKey]
    webhook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try_at: Mapped[CreatedAt]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state"),
        Index("ix_webhook_delivery_webhook_id_id", "webhook_id", "id"),
        Index("ix_webhook_delivery_waiting", "next_try_at", postgresql_where=text("state = 'waiting'")),
    )
