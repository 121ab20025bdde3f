"""Browser sessions: begun by signing in, listed, ended by hand or by time."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from tomosift.accounts.secrets import digest, new_secret
from tomosift.kit.database import utc_now
from tomosift.kit.problems import not_found
from tomosift.kit.settings import Settings
from tomosift.tables import BrowserSession, User

SignInWay = Literal["link", "password", "oidc"]
# A forgotten password is replaced by somebody who has just opened a link: they need not know the old one.
FRESH_FOR = timedelta(minutes=15)


@dataclass(frozen=True)
class FreshSession:
    """A session just begun, with the cookie's value."""

    user: User
    cookie: str
    expires_at: datetime
    began_by: SignInWay
    asks_password: bool = False


def begin_session(
    session: Session,
    user: User,
    began_by: SignInWay,
    user_agent: str | None,
    settings: Settings,
    *,
    asks_password: bool = False,
) -> FreshSession:
    """A new session of somebody who has proved who they are. Sessions of theirs that have expired are forgotten."""
    now = utc_now()
    cookie = new_secret()
    expires_at = now + timedelta(days=settings.session_days)
    session.execute(delete(BrowserSession).where(BrowserSession.user_id == user.id, BrowserSession.expires_at <= now))
    session.add(
        BrowserSession(
            user_id=user.id,
            token_hash=digest(cookie),
            user_agent=(user_agent or "")[:300] or None,
            began_by=began_by,
            expires_at=expires_at,
        )
    )
    return FreshSession(user, cookie, expires_at, began_by, asks_password)


def list_sessions(
    session: Session, user_id: uuid.UUID, limit: int, before: tuple[datetime, uuid.UUID] | None
) -> Sequence[BrowserSession]:
    """Up to `limit` of the user's sessions that have not expired, newest first, older than `before` (time, id)."""
    query = select(BrowserSession).where(BrowserSession.user_id == user_id, BrowserSession.expires_at > utc_now())
    if before is not None:
        query = query.where(tuple_(BrowserSession.created_at, BrowserSession.id) < tuple_(*before))
    return session.scalars(
        query.order_by(BrowserSession.created_at.desc(), BrowserSession.id.desc()).limit(limit)
    ).all()


def way_of(row: BrowserSession) -> SignInWay:
    """How this session was begun."""
    return "password" if row.began_by == "password" else "oidc" if row.began_by == "oidc" else "link"


def is_fresh_by_link(row: BrowserSession) -> bool:
    """Whether a link has begun this session a moment ago."""
    return row.began_by == "link" and row.created_at > utc_now() - FRESH_FOR


def end_session(session: Session, user_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End one of the user's sessions. Raises ProblemError 404 if there is none."""
    ended = session.execute(
        delete(BrowserSession)
        .where(BrowserSession.id == session_id, BrowserSession.user_id == user_id)
        .returning(BrowserSession.id)
    ).one_or_none()
    if ended is None:
        raise not_found("session")


def end_all_sessions(session: Session, user_id: uuid.UUID, except_for: uuid.UUID | None = None) -> int:
    """End all sessions of a user but one, and return how many that were."""
    statement = delete(BrowserSession).where(BrowserSession.user_id == user_id).returning(BrowserSession.id)
    if except_for is not None:
        statement = statement.where(BrowserSession.id != except_for)
    return len(session.scalars(statement).all())
