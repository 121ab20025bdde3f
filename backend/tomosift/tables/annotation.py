"""Decisions of experts and the queue that asks for them.

Labels are events: `label_event` is append-only (a trigger in the first migration refuses UPDATE of its rows);
`current_label` is derived from it.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import REAL, BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, BigKey, CreatedAt


class QueueItem(Base):
    """One question to an expert: this subtomogram, for this kind of work, in this slot.

    Blind opinions of several people about one subtomogram are items that differ by `slot`.
    Open items are handed out by `priority` (higher first), then `position` (lower first). `reason` is
    `{acquisition, text, …}` and says why this item was picked; evaluation items have none. `cycle_id` is
    empty for the first, random batch. The item is not for those in `answered_by`: their opinion of the subtomogram
    stands (for `label-error` and `adjudication`: given since it was asked). Triggers keep it while the item is open.
    """

    __tablename__ = "queue_item"

    id: Mapped[BigKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    subtomogram_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("subtomogram.id", ondelete="CASCADE"))
    work: Mapped[str]
    slot: Mapped[int] = mapped_column(default=1, server_default="1")
    batch: Mapped[int] = mapped_column(default=0, server_default="0")
    cycle_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cycle.id", ondelete="SET NULL"))
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    position: Mapped[int] = mapped_column(BigInteger)
    rank: Mapped[int | None]
    score: Mapped[float | None]
    reason: Mapped[dict[str, Any] | None]
    answered_by: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    state: Mapped[str] = mapped_column(default="open", server_default="open")
    created_at: Mapped[CreatedAt]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(
            "work IN ('evaluation', 'query', 'recheck', 'adjudication', 'label-error', 'choice')", name="work"
        ),
        CheckConstraint("state IN ('open', 'done', 'superseded')", name="state"),
        Index(
            "uq_queue_item_open_slot",
            "project_id",
            "subtomogram_id",
            "slot",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_queue_item_claim_order",
            "project_id",
            text("priority DESC"),
            "position",
            "id",
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_queue_item_project_id_batch", "project_id", "batch", "work", "state"),
        Index("ix_queue_item_subtomogram_id", "subtomogram_id"),
    )


class Lease(Base):
    """A queue item held by one user for a while. At most one live lease an item; `id` doubles as the fencing token."""

    __tablename__ = "lease"

    id: Mapped[BigKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    queue_item_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("queue_item.id", ondelete="CASCADE"))
    subtomogram_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("subtomogram.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    claimed_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("outcome IN ('decided', 'released', 'expired', 'superseded')", name="outcome"),
        Index("ix_lease_queue_item_id", "queue_item_id"),
        Index("ix_lease_subtomogram_id", "subtomogram_id"),
        Index("uq_lease_live_item", "queue_item_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        # The same person never holds the same subtomogram twice at once, whatever the slot.
        Index(
            "uq_lease_live_subtomogram_user",
            "subtomogram_id",
            "user_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_lease_live_by_user", "project_id", "user_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_lease_live_expiry", "expires_at", postgresql_where=text("ended_at IS NULL")),
    )


class LabelEvent(Base):
    """One thing one person said about one subtomogram. Append-only.

    `kind`: class (with `class_id`), unsure, junk, skip, comment (words only, never a label), or undo (with
    `undoes_event_id`). `late` marks a decision that came after its lease had ended: it is kept as an extra opinion and
    does not close a queue item. `confidence` is what the person said of their own decision, 1 (low) to 3 (high).
    `suggestion_shown`: the page showed what the model makes of the item before this decision of it.
    Decisions on many items in one request share a `bulk_id`.
    """

    __tablename__ = "label_event"

    id: Mapped[BigKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    subtomogram_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("subtomogram.id", ondelete="CASCADE"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="RESTRICT"))
    kind: Mapped[str]
    class_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("particle_class.id", ondelete="RESTRICT"))
    class_set_version: Mapped[int]
    work: Mapped[str]
    queue_item_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("queue_item.id", ondelete="SET NULL"))
    lease_id: Mapped[int | None] = mapped_column(BigInteger)
    cycle_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cycle.id", ondelete="SET NULL"))
    undoes_event_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("label_event.id", ondelete="RESTRICT"), unique=True
    )
    late: Mapped[bool] = mapped_column(default=False, server_default="false")
    duration_ms: Mapped[int | None]
    comment: Mapped[str | None]
    confidence: Mapped[int | None] = mapped_column(SmallInteger)
    suggestion_shown: Mapped[bool] = mapped_column(default=False, server_default="false")
    bulk_id: Mapped[uuid.UUID | None]
    idempotency_key: Mapped[str]
    payload_hash: Mapped[bytes]
    response: Mapped[dict[str, Any]]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        UniqueConstraint("project_id", "user_id", "idempotency_key"),
        CheckConstraint("kind IN ('class', 'unsure', 'junk', 'skip', 'comment', 'undo')", name="kind"),
        CheckConstraint("confidence BETWEEN 1 AND 3", name="confidence"),
        CheckConstraint("(kind = 'class') = (class_id IS NOT NULL)", name="class_needs_id"),
        CheckConstraint("(kind = 'undo') = (undoes_event_id IS NOT NULL)", name="undo_needs_event"),
        CheckConstraint(
            "work IN ('evaluation', 'query', 'recheck', 'adjudication', 'label-error', 'choice', 'import')", name="work"
        ),
        Index("ix_label_event_project_id_id", "project_id", "id"),
        Index("ix_label_event_subtomogram_id_id", "subtomogram_id", "id"),
        Index("ix_label_event_project_id_user_id_id", "project_id", "user_id", "id"),
        # Deleting a queue item, or an event, asks who refers to it.
        Index("ix_label_event_queue_item_id", "queue_item_id", postgresql_where=text("queue_item_id IS NOT NULL")),
        Index("ix_label_event_bulk_id", "bulk_id", postgresql_where=text("bulk_id IS NOT NULL")),
    )


class CurrentLabel(Base):
    """What counts now for a subtomogram, derived from its events (`rule` says how). No row: no decision stands.

    `event_id` is the newest opinion that says so. `agreement` is the share of the opinions that say the same,
    `confidence` the probability that a rule with an annotator model gives the label. `is_disputed`: the opinions differ
    and nobody has adjudicated.
    """

    __tablename__ = "current_label"

    subtomogram_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("subtomogram.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    kind: Mapped[str]
    class_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("particle_class.id", ondelete="RESTRICT"))
    rule: Mapped[str]
    event_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("label_event.id", ondelete="RESTRICT"))
    opinion_count: Mapped[int]
    agreement: Mapped[float | None] = mapped_column(REAL)
    confidence: Mapped[float | None] = mapped_column(REAL)
    is_disputed: Mapped[bool] = mapped_column(default=False, server_default="false")
    updated_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("kind IN ('class', 'unsure', 'junk', 'skip')", name="kind"),
        Index("ix_current_label_event_id", "event_id"),
        Index("ix_current_label_project_id_kind_class_id", "project_id", "kind", "class_id", "subtomogram_id"),
        Index("ix_current_label_project_id_event_id", "project_id", "event_id"),
        Index("ix_current_label_disputed", "project_id", "subtomogram_id", postgresql_where=text("is_disputed")),
        Index("ix_current_label_several", "project_id", "subtomogram_id", postgresql_where=text("opinion_count > 1")),
    )
