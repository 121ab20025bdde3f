"""Signing in by a one-time link, or by name and password."""

from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerMinute
from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.accounts import passwords
from tomosift.accounts.secrets import digest
from tomosift.accounts.sessions import FreshSession, begin_session
from tomosift.accounts.users import find_user
from tomosift.kit.audit import UNKNOWN, record
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.problems import ProblemError
from tomosift.kit.rate_limits import get_counters, too_many
from tomosift.kit.settings import Settings
from tomosift.tables import SignInLink, User

WINDOW_MINUTES = 15
# One mistyped name must not close the door for a whole laboratory behind one address, nor may strangers close it for
# somebody by sending wrong passwords for their name.
ALL_NAMES_OR_ADDRESSES = 10


def sign_in_by_link(link_token: str, address: str, user_agent: str | None, settings: Settings) -> FreshSession:
    """Trade a sign-in link for a session. Raises ProblemError 401 if it is unknown, used or expired; 429."""
    try:
        with transaction() as session:
            link = _open_link(session, link_token)
            user = session.get_one(User, link.user_id)
            if not user.is_active:
                raise _refused("user-inactive", "This account is switched off", "Ask the administrator.")
            link.used_at = utc_now()
            record(session, user, "session.begun", user.name, way="link", address=address)
            return begin_session(session, user, "link", user_agent, settings, asks_password=link.asks_password)
    except ProblemError as problem:
        # There is nothing to guess in a link: this only keeps a flood out of the audit log.
        count_failure(settings, address)
        _record_failure("(a link)", address, problem.kind)
        raise


def sign_in_by_password(
    name: str, password: str, address: str, user_agent: str | None, settings: Settings
) -> FreshSession:
    """A session for the right name and password. Raises ProblemError 401, or 429 after too many wrong ones.

    An unknown name, a wrong password and an account that is switched off cannot be told apart, not even by time.
    """
    refuse_many_failures(settings, address, name)
    with transaction() as session:
        found = find_user(session, name)
        may_sign_in = found is not None and found.is_active and found.kind == "person"
        stored = found.password_hash if found is not None and may_sign_in else None
    if found is not None and stored is not None and passwords.is_right(stored, password):
        with transaction() as session:
            user = session.get_one(User, found.id, with_for_update=True)
            if user.is_active and user.password_hash == stored:
                user.password_hash = passwords.newer_hash(stored, password) or stored
                record(session, user, "session.begun", user.name, way="password", address=address)
                return begin_session(session, user, "password", user_agent, settings)
    elif stored is None:
        passwords.is_right(None, password)
    count_failure(settings, address, name)
    # What was typed for a name may be a password: only names that exist are written down.
    _record_failure(found.name if found else "(an unknown name)", address, "wrong-password")
    raise ProblemError(
        401,
        "wrong-password",
        "The name or the password is not right",
        "Type them again. An administrator can make you a link to set a new password.",
    )


def refuse_many_failures(settings: Settings, address: str, name: str) -> None:
    """Raise ProblemError 429 if this address, or everybody for this name, was wrong too often."""
    for limit, key in _limits(settings, address, name):
        if not get_counters().has_room(limit, *key):
            raise _too_often(limit, key)


def count_failure(settings: Settings, address: str, name: str | None = None) -> None:
    """Note a sign-in that was refused. Raises ProblemError 429 for one too many."""
    for limit, key in _limits(settings, address, name):
        if not get_counters().hit(limit, *key):
            raise _too_often(limit, key)


def _limits(settings: Settings, address: str, name: str | None) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    many = RateLimitItemPerMinute(settings.sign_in_failures * ALL_NAMES_OR_ADDRESSES, WINDOW_MINUTES)
    place = _neighbourhood(address)
    found: list[tuple[RateLimitItem, tuple[str, ...]]] = [(many, ("sign-in", place))]
    if name is not None:
        who = digest(name.lower()).hex()
        few = RateLimitItemPerMinute(settings.sign_in_failures, WINDOW_MINUTES)
        found += [(many, ("sign-in-name", who)), (few, ("sign-in-pair", who, place))]
    return found


def _neighbourhood(address: str) -> str:
    """The address; of IPv6 the network, of which one computer has all addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)


def _too_often(limit: RateLimitItem, key: tuple[str, ...]) -> ProblemError:
    seconds = get_counters().seconds_left(limit, *key)
    return too_many(
        f"Too many sign-ins were wrong. Wait {-(-seconds // 60)} min, or let an administrator make you a sign-in link.",
        seconds,
    )


def _open_link(session: Session, link_token: str) -> SignInLink:
    # The row stays locked until the commit, so that two browsers cannot both use one link.
    link = session.scalars(
        select(SignInLink).where(SignInLink.token_hash == digest(link_token)).with_for_update()
    ).one_or_none()
    if link is None:
        raise _refused("link-unknown", "This sign-in link is not known", "It may be incomplete, or of another service.")
    if link.used_at is not None:
        raise _refused("link-used", "This sign-in link was used already", "Each link works once.")
    if link.expires_at <= utc_now():
        raise _refused("link-expired", "This sign-in link has expired", "Links work for 24 hours.")
    return link


def _record_failure(target: str, address: str, why: str) -> None:
    with transaction() as session:
        record(session, UNKNOWN, "session.refused", target, why=why, address=address)


def _refused(kind: str, title: str, why: str) -> ProblemError:
    return ProblemError(401, kind, title, f"{why} Make a new one with `tomosift user link NAME`.")
