"""Denoised volumes: which are there, which are asked for."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, CreatedAt


class DenoisedVolume(Base):
    """One volume as a cycle's denoiser shows it: asked for (`wanted`), in the artifact store (`ready`), or `refused`
    because its voxels are no numbers.

    The artifact is `cycles/<cycle_id>/denoised/<subtomogram_id>` (safetensors, `volume` float16 `(z, y, x)`) of
    `size_bytes`. The files are a cache: those not used for longest, by `used_at`, go when it is full.
    """

    __tablename__ = "denoised_volume"

    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id", ondelete="CASCADE"), primary_key=True)
    subtomogram_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("subtomogram.id", ondelete="CASCADE"), primary_key=True
    )
    state: Mapped[str] = mapped_column(default="wanted", server_default="wanted")
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    asked_at: Mapped[CreatedAt]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('wanted', 'ready', 'refused')", name="state"),
        Index("ix_denoised_volume_subtomogram_id", "subtomogram_id"),
        Index("ix_denoised_volume_wanted", "cycle_id", "asked_at", postgresql_where=text("state = 'wanted'")),
        Index("ix_denoised_volume_used", "used_at", postgresql_where=text("state = 'ready'")),
    )
