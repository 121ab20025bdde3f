"""Browser sessions: begun by a one-time link, ended by signing out or by time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tomosift.accounts.secrets import digest, new_secret
from tomosift.kit.database import utc_now
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings
from tomosift.tables import BrowserSession, SignInLink, User


@dataclass(frozen=True)
class FreshSession:
    """A session just begun, with the cookie's value."""

    user: User
    cookie: str
    expires_at: datetime


def begin_session(session: Session, link_token: str, user_agent: str | None, settings: Settings) -> FreshSession:
    """Trade a sign-in link for a session. Raises ProblemError 401 if it is unknown, used or expired."""
    now = utc_now()
    # The row stays locked until the commit, so that two browsers cannot both use one link.
    link = session.scalars(
        select(SignInLink).where(SignInLink.token_hash == digest(link_token)).with_for_update()
    ).one_or_none()
    if link is None:
        raise _refused("link-unknown", "This sign-in link is not known", "It may be incomplete, or of another service.")
    if link.used_at is not None:
        raise _refused("link-used", "This sign-in link was used already", "Each link works once.")
    if link.expires_at <= now:
        raise _refused("link-expired", "This sign-in link has expired", "Links work for 24 hours.")
    user = session.get_one(User, link.user_id)
    if not user.is_active:
        raise _refused("user-inactive", "This account is switched off", "Ask the administrator.")
    link.used_at = now
    cookie = new_secret()
    expires_at = now + timedelta(days=settings.session_days)
    session.execute(delete(BrowserSession).where(BrowserSession.user_id == user.id, BrowserSession.expires_at <= now))
    session.add(
        BrowserSession(
            user_id=user.id,
            token_hash=digest(cookie),
            user_agent=(user_agent or "")[:300] or None,
            expires_at=expires_at,
        )
    )
    return FreshSession(user, cookie, expires_at)


def end_session(session: Session, cookie: str) -> None:
    """Forget the session of this cookie; nothing happens if there is none."""
    session.execute(delete(BrowserSession).where(BrowserSession.token_hash == digest(cookie)))


def _refused(kind: str, title: str, why: str) -> ProblemError:
    return ProblemError(401, kind, title, f"{why} Make a new one with `tomosift user link NAME`.")
