"""The pool: sources that were imported, their subtomograms, the evaluation sample, uploads under way."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import REAL, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, BigKey, CreatedAt, UuidKey


class Source(Base):
    """One imported particle list.

    Its complete table (every input column, as text, in order) is the Parquet artifact `table_key`; `blocks`
    holds the list's other blocks (optics), so that the file can be written again. Its voxels are the volume
    array `volumes_key`, which an extraction with another box replaces. `format` is the key in `formats.catalogue`;
    `frame` says what the subtomograms' coordinates count in: `{unit, origin, voxel_size}`; `recipe` how the voxels
    came: `{cut, tomograms, …}` as the import asked for it.
    """

    __tablename__ = "source"

    id: Mapped[UuidKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    format: Mapped[str] = mapped_column(default="relion", server_default="relion")
    flavour: Mapped[str]
    checksum: Mapped[str]
    row_count: Mapped[int]
    box_size: Mapped[int]
    voxel_size_angstrom: Mapped[float | None]
    columns: Mapped[list[str]]
    blocks: Mapped[dict[str, Any]]
    table_key: Mapped[str]
    volumes_key: Mapped[str] = mapped_column(default=lambda context: str(context.get_current_parameters()["id"]))
    frame: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    recipe: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]


class Subtomogram(Base):
    """One particle: row `source_row` of its source, voxels at the same index of the source's volume array.

    Coordinates are the particle's centre (shifts subtracted) in what the source's `frame` says; angles are degrees
    (RELION's intrinsic ZYZ) in the cube's own frame. `identity` is what makes it the same particle when a list is
    imported again. `padded` is the part of the cube that lay outside the tomogram. `predicted_class_id` and
    `predicted_confidence` are a prediction that came with the import, to start from.
    """

    __tablename__ = "subtomogram"

    id: Mapped[BigKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    source_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    source_row: Mapped[int]
    name: Mapped[str]
    tomogram: Mapped[str | None]
    x: Mapped[float | None]
    y: Mapped[float | None]
    z: Mapped[float | None]
    rot: Mapped[float | None]
    tilt: Mapped[float | None]
    psi: Mapped[float | None]
    content_hash: Mapped[str]
    identity: Mapped[bytes] = mapped_column(default=lambda: uuid.uuid4().bytes)
    padded: Mapped[float] = mapped_column(REAL, default=0.0, server_default="0")
    predicted_class_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("particle_class.id", ondelete="SET NULL"))
    predicted_confidence: Mapped[float | None] = mapped_column(REAL)
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        UniqueConstraint("source_id", "source_row"),
        UniqueConstraint("project_id", "identity"),
        Index("ix_subtomogram_project_id_id", "project_id", "id"),
        Index("ix_subtomogram_project_id_tomogram", "project_id", "tomogram", "id"),
    )


class UnlabeledSubtomogram(Base):
    """A subtomogram without a row in `current_label`. Triggers keep it, whoever writes labels: a list of the unlabeled
    then reads what it shows, however many labeled ones lie in between."""

    __tablename__ = "unlabeled_subtomogram"

    subtomogram_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("subtomogram.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[uuid.UUID]

    __table_args__ = (Index("ix_unlabeled_subtomogram_project_id", "project_id", "subtomogram_id"),)


class Tomogram(Base):
    """A tomogram that boxes were cut from. `location` says where it lies; its binned copy shows surroundings.

    `shape_zyx` is its size in voxels of `voxel_size_angstrom`; `overview_key` is the artifact with the copy
    (safetensors, `overview` uint8 `(z, y, x)`), `overview_binning` how many voxels one of its voxels stands for.
    """

    __tablename__ = "tomogram"

    id: Mapped[UuidKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    name: Mapped[str]
    location: Mapped[dict[str, Any]]
    shape_zyx: Mapped[list[Any]]
    voxel_size_angstrom: Mapped[float]
    overview_key: Mapped[str | None]
    overview_binning: Mapped[int | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (UniqueConstraint("project_id", "name"),)


class EvaluationItem(Base):
    """A member of the random evaluation sample: labeled blind, never trained on.

    `half` says whether it calibrates or reports (fixed by the item's id); `weight` is the inverse of its
    inclusion probability relative to the simple random sample (1 for a simple random draw).
    """

    __tablename__ = "evaluation_item"

    subtomogram_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("subtomogram.id", ondelete="CASCADE"), primary_key=True
    )
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    half: Mapped[str]
    weight: Mapped[float] = mapped_column(default=1.0, server_default="1")
    created_at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("half IN ('calibrate', 'report')", name="half"),)


class Upload(Base):
    """Files on their way in: a staging folder that grows chunk by chunk until an import takes it."""

    __tablename__ = "upload"

    id: Mapped[UuidKey]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]
