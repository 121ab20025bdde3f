"""Cycles of the active-learning loop and the models they trained."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import REAL, BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, CreatedAt, UuidKey


class Cycle(Base):
    """One turn of the loop: train, evaluate, score, select, ready.

    `settings` is the validated, versioned settings object (`settings["version"]`). The cycle sees the label
    events up to `label_snapshot_event_id` and no later one, and makes labels of them by the `label_rule` of its
    launch. `checkpoint` names the newest published checkpoint, `metrics` the numbers on the evaluation sample,
    `scores_key` the artifact with the score columns.
    """

    __tablename__ = "cycle"

    id: Mapped[UuidKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    number: Mapped[int]
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("job.id", ondelete="RESTRICT"), unique=True)
    previous_cycle_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("cycle.id", ondelete="SET NULL"))
    stage: Mapped[str] = mapped_column(default="queued", server_default="queued")
    settings: Mapped[dict[str, Any]]
    trigger: Mapped[dict[str, Any]]
    class_set_version: Mapped[int]
    label_snapshot_event_id: Mapped[int] = mapped_column(BigInteger)
    label_rule: Mapped[str] = mapped_column(default="single", server_default="single")
    training_label_count: Mapped[int | None]
    evaluation_label_count: Mapped[int | None]
    checkpoint: Mapped[dict[str, Any] | None]
    metrics: Mapped[dict[str, Any] | None]
    scores_key: Mapped[str | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        CheckConstraint(
            "stage IN ('queued', 'train', 'evaluate', 'score', 'select', 'ready', 'failed', 'cancelled')",
            name="stage",
        ),
        # One cycle at a time in a project, held by the database itself.
        Index(
            "uq_cycle_one_active",
            "project_id",
            unique=True,
            postgresql_where=text("stage IN ('queued', 'train', 'evaluate', 'score', 'select')"),
        ),
    )


class Model(Base):
    """A trained network: weights (`<key>.safetensors`) and description (`<key>.json`) in the artifact store.

    `classes` lists what its outputs mean, in order: `{"kind": "class", "id", "name"}` or `{"kind": "junk"}`.
    """

    __tablename__ = "model"

    id: Mapped[UuidKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id", ondelete="CASCADE"), unique=True)
    key: Mapped[str]
    checksum: Mapped[str]
    network: Mapped[str]
    parameter_count: Mapped[int]
    classes: Mapped[list[Any]]
    description: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]


class Prediction(Base):
    """What a cycle's model says of one subtomogram, for lists that sort and filter by it.

    Written by a job from the cycle's outputs in the artifact store, which stay the truth; only the cycle that serves
    has rows, all of them or none. `output` is the place in the model's `classes`: what that counts for is looked up
    when it is read, so merged and retired classes change no row. `score` is that of the acquisition, `unlike` (0 to 1)
    how unlike all classes it is; both may be unknown. No reference to `subtomogram`: checking a million costs more than
    writing them, and they go with their cycle.
    """

    __tablename__ = "prediction"

    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id", ondelete="CASCADE"), primary_key=True)
    subtomogram_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    output: Mapped[int] = mapped_column(SmallInteger)
    confidence: Mapped[float] = mapped_column(REAL)
    score: Mapped[float | None] = mapped_column(REAL)
    unlike: Mapped[float | None] = mapped_column(REAL)

    __table_args__ = (
        Index("ix_prediction_score", "cycle_id", "score", "subtomogram_id"),
        Index("ix_prediction_confidence", "cycle_id", "confidence", "subtomogram_id"),
        Index("ix_prediction_unlike", "cycle_id", "unlike", "subtomogram_id"),
        Index("ix_prediction_output", "cycle_id", "output", "confidence", "subtomogram_id"),
    )


class ModelChoice(Base):
    """The model of an earlier cycle that serves a project: its predictions, and where the next cycle starts from.

    It stands in for all cycles up to the number `passed_up_to`; a later one serves as soon as it is ready. No row: the
    newest cycle's model serves.
    """

    __tablename__ = "model_choice"

    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id", ondelete="CASCADE"), index=True)
    passed_up_to: Mapped[int]
    chosen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    chosen_at: Mapped[CreatedAt]


class CycleTrigger(Base):
    """What starts cycles of a project by itself: `after_labels` new labels, or the time `nightly_at` (`hh:mm` in the
    zone `time_zone`). No row, or neither: nothing does.

    `settings` is what such a cycle is asked for. A failed cycle pauses it, with the reason; who sets it anew takes the
    pause away. `night` is the last moment of `nightly_at` that was dealt with.
    """

    __tablename__ = "cycle_trigger"

    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    after_labels: Mapped[int | None]
    nightly_at: Mapped[str | None]
    time_zone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    night: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None]
    set_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    set_at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("after_labels > 0", name="after_labels"),)
