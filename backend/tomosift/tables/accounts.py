"""Who may sign in: users, browser sessions, one-time sign-in links, personal access tokens.

Secrets are random and stored as SHA-256 digests only; they cannot be read back.
"""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, CreatedAt, UuidKey


class User(Base):
    """A person or a program that decides, launches or reads.

    `kind` importer: labels that came with files speak in its name; nobody can sign in as it.
    """

    __tablename__ = "user_account"

    id: Mapped[UuidKey]
    name: Mapped[str]
    display_name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="person", server_default="person")
    is_admin: Mapped[bool] = mapped_column(default=False, server_default="false")
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true")
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("kind IN ('person', 'importer')", name="kind"),
        Index("uq_user_account_name_lower", text("lower(name)"), unique=True),
    )


class BrowserSession(Base):
    """A signed-in browser; the cookie's value hashes to `token_hash`."""

    __tablename__ = "browser_session"

    id: Mapped[UuidKey]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_agent: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]


class SignInLink(Base):
    """A link that signs one user in, once."""

    __tablename__ = "sign_in_link"

    id: Mapped[UuidKey]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AccessToken(Base):
    """A personal access token for scripts; `scope` is `read` or `write`."""

    __tablename__ = "access_token"

    id: Mapped[UuidKey]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    scope: Mapped[str]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("scope IN ('read', 'write')", name="scope"),)
