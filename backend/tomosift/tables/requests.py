"""Requests that made something, so that a repetition makes nothing twice."""

import uuid
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, CreatedAt


class AnsweredRequest(Base):
    """One Idempotency-Key of one user: the digest of what it came with, and what was answered.

    Written in the transaction of the thing it made. `answer` is `{body, headers}`; a body that shows a secret is
    never kept, only the `id` in it. Rows are dropped after two days.
    """

    __tablename__ = "answered_request"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    payload_hash: Mapped[bytes]
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[CreatedAt] = mapped_column(index=True)
