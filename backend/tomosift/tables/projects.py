"""Projects, who works in them, and the classes their experts sort particles into."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Sequence, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, CreatedAt, UuidKey


class Project(Base):
    """One pool, one class set, one line of cycles.

    `settings` holds validated project settings (`tomosift.projects.schemas.ProjectSettings`); `version`
    counts edits and is the ETag. `box_size` (voxels) and `voxel_size_angstrom` come from the first import. While the
    queue is paused nothing is handed out. A project with `delete_after` is hidden, and gone after that time.
    """

    __tablename__ = "project"

    id: Mapped[UuidKey]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    box_size: Mapped[int | None]
    voxel_size_angstrom: Mapped[float | None]
    protein_contrast: Mapped[str] = mapped_column(default="dark", server_default="dark")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    class_set_version: Mapped[int] = mapped_column(default=1, server_default="1")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    archived_at: Mapped[datetime | None]
    queue_paused_at: Mapped[datetime | None]
    delete_after: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("protein_contrast IN ('dark', 'bright')", name="protein_contrast"),)


MEMBER_VERSIONS = Sequence("project_member_version", metadata=Base.metadata)
"""Versions of memberships. They come from one row of numbers, so that nobody who is let in again has an old one."""


class ProjectMember(Base):
    """A user's role in a project: owner, curator, annotator or viewer. `version` is another one after each change."""

    __tablename__ = "project_member"

    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str]
    version: Mapped[int] = mapped_column(BigInteger, MEMBER_VERSIONS, onupdate=MEMBER_VERSIONS.next_value())
    created_at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("role IN ('owner', 'curator', 'annotator', 'viewer')", name="role"),)


class ParticleClass(Base):
    """One class. Its id never changes meaning; the set's versions are the spans
    `added_in_version`..`retired_in_version`.

    A class that was merged is retired and names the class it was merged into (`merged_into_id`); what its labels count
    for is in `class_meaning`. `hotkey` is a chosen key; empty: its place in the list. `description` holds the
    guidelines that experts read. Opinions of it from versions before `asked_anew_in_version` are no answer to an open
    question: the queue may ask the same person again.
    """

    __tablename__ = "particle_class"

    id: Mapped[UuidKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str]
    color: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    added_in_version: Mapped[int] = mapped_column(default=1, server_default="1")
    retired_in_version: Mapped[int | None]
    merged_into_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("particle_class.id", ondelete="SET NULL"))
    hotkey: Mapped[str | None]
    asked_anew_in_version: Mapped[int | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        CheckConstraint("merged_into_id IS NULL OR retired_in_version IS NOT NULL", name="merged_is_retired"),
    )


class ClassMeaning(Base):
    """What opinions of a merged or retired class count for, in the class set's versions from `from_version` to before
    `until_version` (empty: still): another class, or nothing. No row: for the class itself.
    """

    __tablename__ = "class_meaning"

    class_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("particle_class.id", ondelete="CASCADE"), primary_key=True)
    from_version: Mapped[int] = mapped_column(primary_key=True)
    until_version: Mapped[int | None]
    counts_for_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("particle_class.id", ondelete="CASCADE"))


class ClassExample(Base):
    """A subtomogram that shows annotators what a class looks like."""

    __tablename__ = "class_example"

    class_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("particle_class.id", ondelete="CASCADE"), primary_key=True)
    subtomogram_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("subtomogram.id", ondelete="CASCADE"), primary_key=True
    )
    added_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]


class ClassSetChange(Base):
    """What made a new version of a project's class set: add, change, merge, split, retire or restore, with its
    consequence.

    `details` names the classes and how many labels were concerned.
    """

    __tablename__ = "class_set_change"

    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    details: Mapped[dict[str, Any]]
    changed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("kind IN ('add', 'change', 'merge', 'split', 'retire', 'restore')", name="kind"),)
