"""Who may sign in: users, browser sessions, one-time sign-in links, invitations, access tokens,
requests to an OpenID provider.

Secrets are random and stored as SHA-256 digests only; they cannot be read back. Passwords are stored as argon2 hashes.
"""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tomosift.tables.base import Base, CreatedAt, UuidKey


class User(Base):
    """A person or a program that decides, launches or reads.

    `kind` importer: labels that came with files speak in its name; nobody can sign in as it. `password_hash` is empty
    for people who sign in by links or by a provider; `oidc_issuer` and `oidc_subject` name them at that provider.
    """

    __tablename__ = "user_account"

    id: Mapped[UuidKey]
    name: Mapped[str]
    display_name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="person", server_default="person")
    is_admin: Mapped[bool] = mapped_column(default=False, server_default="false")
    is_active: Mapped[bool] = mapped_column(default=True, server_default="true")
    email: Mapped[str | None]
    password_hash: Mapped[str | None]
    oidc_issuer: Mapped[str | None]
    oidc_subject: Mapped[str | None]
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("kind IN ('person', 'importer')", name="kind"),
        CheckConstraint("(oidc_issuer IS NULL) = (oidc_subject IS NULL)", name="oidc_is_whole"),
        Index("uq_user_account_name_lower", text("lower(name)"), unique=True),
        Index("uq_user_account_email_lower", text("lower(email)"), unique=True),
        UniqueConstraint("oidc_issuer", "oidc_subject"),
    )


class BrowserSession(Base):
    """A signed-in browser; the cookie's value hashes to `token_hash`. `began_by`: link, password or oidc."""

    __tablename__ = "browser_session"

    id: Mapped[UuidKey]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_agent: Mapped[str | None]
    began_by: Mapped[str] = mapped_column(default="link", server_default="link")
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("began_by IN ('link', 'password', 'oidc')", name="began_by"),)


class SignInLink(Base):
    """A link that signs one user in, once. With `asks_password` it stands for a forgotten password: set a new one."""

    __tablename__ = "sign_in_link"

    id: Mapped[UuidKey]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    asks_password: Mapped[bool] = mapped_column(default=False, server_default="false")


class OidcRequest(Base):
    """A browser that was sent to the OpenID provider and is expected back, once.

    `state` and `browser` (a cookie's value) are digests; `nonce` and `code_verifier` are what the provider's answer is
    checked with. With `user_id` somebody who is signed in connects their account.
    """

    __tablename__ = "oidc_request"

    state: Mapped[bytes] = mapped_column(primary_key=True)
    browser: Mapped[bytes]
    nonce: Mapped[str]
    code_verifier: Mapped[str]
    return_to: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]


class Invitation(Base):
    """A link that lets one new person make an account, once; with a project and a role it makes them a member too."""

    __tablename__ = "invitation"

    id: Mapped[UuidKey]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    note: Mapped[str] = mapped_column(default="", server_default="")
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    role: Mapped[str | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    __table_args__ = (
        CheckConstraint("(project_id IS NULL) = (role IS NULL)", name="role_goes_with_project"),
        CheckConstraint("role IN ('owner', 'curator', 'annotator', 'viewer')", name="role"),
    )


class AccessToken(Base):
    """A personal access token for scripts; `scope` is `read` or `write`. With `project_id` it works there only."""

    __tablename__ = "access_token"

    id: Mapped[UuidKey]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    scope: Mapped[str]
    project_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("scope IN ('read', 'write')", name="scope"),)
