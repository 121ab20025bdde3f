"""Long work: jobs, the outbox that sends them, their log, and the workers that offer to do them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, BigKey, CreatedAt, UuidKey

JOB_STATES = ("queued", "running", "succeeded", "failed", "cancelled")


class Job(Base):
    """One piece of long work and its life.

    Every claim raises `attempt` and gives the job a new `fencing_token`; whoever holds an older token may
    write nothing more. A running job whose `lease_expires_at` has passed is lost and goes back to `queued`
    (the reaper). `progress` is `{stage, done, total, rate, eta_seconds, message}`; `problem` is an RFC 9457 object.
    """

    __tablename__ = "job"

    id: Mapped[UuidKey]
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    kind: Mapped[str]
    task: Mapped[str]
    queue: Mapped[str]
    state: Mapped[str] = mapped_column(default="queued", server_default="queued")
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    result: Mapped[dict[str, Any] | None]
    problem: Mapped[dict[str, Any] | None]
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    attempt: Mapped[int] = mapped_column(default=0, server_default="0")
    max_attempts: Mapped[int] = mapped_column(default=5, server_default="5")
    fencing_token: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    worker: Mapped[str | None]
    heartbeat_at: Mapped[datetime | None]
    lease_expires_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="state"),
        Index("ix_job_project_id_created_at", "project_id", "created_at"),
        Index("ix_job_unfinished", "state", postgresql_where=text("state IN ('queued', 'running')")),
    )


class JobLogLine(Base):
    """A line a job wrote for people."""

    __tablename__ = "job_log_line"

    id: Mapped[BigKey]
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), index=True)
    at: Mapped[CreatedAt]
    level: Mapped[str]
    message: Mapped[str]


class OutboxMessage(Base):
    """A task message that commits with its job and is sent by the relay afterwards."""

    __tablename__ = "outbox_message"

    id: Mapped[BigKey]
    task: Mapped[str]
    queue: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]
    available_at: Mapped[CreatedAt]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (Index("ix_outbox_message_unsent", "available_at", postgresql_where=text("sent_at IS NULL")),)


class WorkerNode(Base):
    """A worker that announced itself: its device with its memory, and the catalogue of what it can do."""

    __tablename__ = "worker_node"

    id: Mapped[str] = mapped_column(primary_key=True)
    hostname: Mapped[str]
    queue: Mapped[str]
    device: Mapped[str]
    device_name: Mapped[str]
    memory_bytes: Mapped[int | None] = mapped_column(BigInteger)
    versions: Mapped[dict[str, Any]]
    catalogue: Mapped[dict[str, Any]]
    started_at: Mapped[CreatedAt]
    heartbeat_at: Mapped[datetime] = mapped_column(server_default=func.now())
