"""Whose account it is that a provider's answer opens; closed unless the settings open it."""

import re

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.accounts.oidc import Identity, OidcRefused
from tomosift.accounts.users import add_user, find_user
from tomosift.kit.audit import record
from tomosift.kit.settings import Settings
from tomosift.tables import OidcRequest, User


def account_of(session: Session, settings: Settings, request: OidcRequest, identity: Identity) -> User:
    """The account this person gets into.

    That which is connected with them; else the one that asks to be connected; else, if the settings say so, the one
    with their verified e-mail address, or a new one. Raises OidcRefused.
    """
    user = session.scalars(
        select(User).where(User.oidc_issuer == identity.issuer, User.oidc_subject == identity.subject).with_for_update()
    ).one_or_none()
    if user is not None and request.user_id not in (None, user.id):
        raise OidcRefused("oidc-other-account", f"{identity.subject!r} is connected with {user.name!r} already")
    if user is None and request.user_id is not None:
        user = _connect(session, session.get_one(User, request.user_id, with_for_update=True), identity)
    if user is None and settings.oidc_match_email and identity.email is not None:
        user = _by_email(session, identity, identity.email)
    if user is None and settings.oidc_create_accounts:
        user = _make(session, identity)
    if user is None or not user.is_active:
        raise OidcRefused("oidc-no-account", f"{identity.subject!r} ({identity.name}) has no account that is open")
    return user


def _connect(session: Session, user: User, identity: Identity) -> User:
    user.oidc_issuer, user.oidc_subject = identity.issuer, identity.subject
    session.flush()
    record(session, user, "provider.connected", user.name, subject=identity.subject)
    return user


def _by_email(session: Session, identity: Identity, email: str) -> User | None:
    """The person with that address, unless they are connected with somebody else at the provider."""
    user = session.scalars(
        select(User)
        .where(
            func.lower(User.email) == email.lower(),
            User.kind == "person",
            User.is_active,
            User.oidc_subject.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    return _connect(session, user, identity) if user is not None else None


def _make(session: Session, identity: Identity) -> User:
    stem = re.sub(r"[^A-Za-z0-9._-]", "", identity.name).lstrip("._-")[:60] or "user"
    number, name = 1, stem
    while find_user(session, name) is not None:
        number += 1
        name = f"{stem}-{number}"
    has_email = identity.email is not None and not session.scalar(
        select(func.count()).select_from(User).where(func.lower(User.email) == identity.email.lower())
    )
    user = add_user(session, name, identity.display_name, False, email=identity.email if has_email else None)
    record(session, user, "user.added", user.name, way="oidc")
    return _connect(session, user, identity)
