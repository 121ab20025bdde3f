"""Personal access tokens for scripts."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from tomosift.accounts.authentication import SignedInUser
from tomosift.accounts.secrets import ACCESS_TOKEN_PREFIX, digest, new_secret
from tomosift.kit.database import utc_now
from tomosift.kit.problems import not_found
from tomosift.tables import AccessToken, Project, ProjectMember


def list_tokens(
    session: Session, user_id: uuid.UUID, limit: int, before: tuple[datetime, uuid.UUID] | None
) -> Sequence[AccessToken]:
    """Up to `limit` of the user's tokens that work now, newest first, older than `before` (time, id)."""
    query = select(AccessToken).where(
        AccessToken.user_id == user_id,
        AccessToken.revoked_at.is_(None),
        or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > utc_now()),
    )
    if before is not None:
        query = query.where(tuple_(AccessToken.created_at, AccessToken.id) < tuple_(*before))
    return session.scalars(query.order_by(AccessToken.created_at.desc(), AccessToken.id.desc()).limit(limit)).all()


def create_token(
    session: Session,
    user_id: uuid.UUID,
    name: str,
    scope: str,
    expires_in_days: float | None,
    project_id: uuid.UUID | None = None,
) -> tuple[AccessToken, str]:
    """A new token and its secret, which is shown this once."""
    secret = new_secret(ACCESS_TOKEN_PREFIX)
    token = AccessToken(
        user_id=user_id,
        name=name,
        prefix=secret[:8],
        token_hash=digest(secret),
        scope=scope,
        project_id=project_id,
        expires_at=None if expires_in_days is None else utc_now() + timedelta(days=expires_in_days),
    )
    session.add(token)
    session.flush()
    session.refresh(token)
    return token, secret


def project_for_token(session: Session, user: SignedInUser, slug: str) -> Project:
    """The project a token of this user may be made for. Raises ProblemError 404."""
    project = session.scalars(
        select(Project)
        .outerjoin(ProjectMember, and_(ProjectMember.project_id == Project.id, ProjectMember.user_id == user.id))
        .where(
            Project.slug == slug,
            Project.archived_at.is_(None),
            or_(literal(user.is_admin), ProjectMember.role.is_not(None)),
        )
    ).one_or_none()
    if project is None:
        raise not_found("project")
    return project


def revoke_token(session: Session, user_id: uuid.UUID, token_id: uuid.UUID) -> AccessToken:
    """End a token at once, and return it. Raises ProblemError 404 if the user has no such token."""
    token = session.scalars(
        select(AccessToken).where(
            AccessToken.id == token_id, AccessToken.user_id == user_id, AccessToken.revoked_at.is_(None)
        )
    ).one_or_none()
    if token is None:
        raise not_found("token")
    token.revoked_at = utc_now()
    return token
