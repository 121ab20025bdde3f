"""What administrators do with accounts: change, switch off and on, end sessions, reset passwords."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tomosift.accounts.authentication import SignedInUser
from tomosift.accounts.links import FreshLink, make_link
from tomosift.accounts.schemas import AccountOut, UserPatch
from tomosift.accounts.sessions import end_all_sessions
from tomosift.kit.audit import record
from tomosift.kit.database import utc_now
from tomosift.kit.problems import conflict, not_found
from tomosift.kit.settings import Settings
from tomosift.tables import AccessToken, BrowserSession, Invitation, SignInLink, User


@dataclass(frozen=True)
class Account:
    """An account, and when it was last used."""

    user: User
    last_seen_at: datetime | None


def list_accounts(session: Session, limit: int, after_name: str | None) -> Sequence[Account]:
    """Up to `limit` accounts of people by name, also those that are switched off."""
    by_browser = (
        select(func.max(BrowserSession.last_used_at)).where(BrowserSession.user_id == User.id).scalar_subquery()
    )
    by_token = select(func.max(AccessToken.last_used_at)).where(AccessToken.user_id == User.id).scalar_subquery()
    query = (
        select(User, func.greatest(by_browser, by_token)).where(User.kind == "person").order_by(User.name).limit(limit)
    )
    if after_name is not None:
        query = query.where(User.name > after_name)
    return [Account(user, seen) for user, seen in session.execute(query)]


def account_out(account: Account) -> AccountOut:
    """The wire form of an account."""
    user = account.user
    return AccountOut(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        is_admin=user.is_admin,
        is_active=user.is_active,
        email=user.email,
        has_password=user.password_hash is not None,
        has_provider=user.oidc_subject is not None,
        created_at=user.created_at,
        last_seen_at=account.last_seen_at,
    )


def find_person(session: Session, user_id: uuid.UUID) -> User:
    """The person's account, locked, also when it is switched off. Raises ProblemError 404."""
    user = session.get(User, user_id, with_for_update=True)
    if user is None or user.kind != "person":
        raise not_found("user")
    return user


def change_user(session: Session, admin: SignedInUser, user_id: uuid.UUID, patch: UserPatch) -> User:
    """Apply `patch`. Switching off ends sessions, tokens, links and invitations at once.

    Raises ProblemError 404, 409 for a name or address somebody else has, 409 if no administrator would be left.
    """
    _lock_administrators(session)
    user = find_person(session, user_id)
    changes = {name: value for name, value in patch.changes().items() if getattr(user, name) != value}
    if not changes:
        return user
    try:
        with session.begin_nested():
            for name, value in changes.items():
                setattr(user, name, value)
    except IntegrityError as error:
        raise conflict(
            "name-taken", "The name or the address is taken", "Somebody else has it. Choose another."
        ) from error
    if changes.get("is_active") is False:
        _shut_out(session, user.id)
    _keep_an_administrator(session)
    if changes.get("is_active") is not None:
        record(session, admin, "user.reactivated" if changes.pop("is_active") else "user.deactivated", user.name)
    if changes:
        record(session, admin, "user.changed", user.name, **changes)
    return user


def reset_password(session: Session, admin: SignedInUser, user_id: uuid.UUID, settings: Settings) -> FreshLink:
    """Forget the password, end all sessions, and make a link that asks for a new one. Raises ProblemError 404."""
    user = find_person(session, user_id)
    if not user.is_active:
        raise not_found("user")
    user.password_hash = None
    end_all_sessions(session, user.id)
    record(session, admin, "password.reset", user.name)
    return make_link(session, user, settings, asks_password=True)


def _shut_out(session: Session, user_id: uuid.UUID) -> None:
    now = utc_now()
    end_all_sessions(session, user_id)
    session.execute(delete(SignInLink).where(SignInLink.user_id == user_id, SignInLink.used_at.is_(None)))
    session.execute(
        update(AccessToken)
        .where(AccessToken.user_id == user_id, AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    # Else whoever is sent away could come back by an invitation of their own.
    session.execute(
        update(Invitation)
        .where(Invitation.created_by == user_id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _lock_administrators(session: Session) -> None:
    """Two administrators who switch each other off at once would leave none: one after the other, then."""
    session.execute(select(User.id).where(User.is_admin).order_by(User.id).with_for_update())


def _keep_an_administrator(session: Session) -> None:
    if not session.scalar(select(func.count()).select_from(User).where(User.is_admin, User.is_active)):
        raise conflict("last-admin", "The service needs an administrator", "Make somebody else an administrator first.")
