"""Who is asking: the browser's session cookie, or a script's bearer token."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import update

from tomosift.accounts.secrets import digest
from tomosift.kit.database import reading, transaction, utc_now
from tomosift.kit.driver_statements import DriverStatement
from tomosift.kit.problems import ProblemError, forbidden
from tomosift.kit.rate_limits import count_write
from tomosift.kit.web_security import SAFE_METHODS
from tomosift.tables import AccessToken, BrowserSession

SESSION_COOKIE = "tomosift_session"
REMEMBER_USE_EVERY = timedelta(minutes=1)

_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="The browser's session.")
_bearer = HTTPBearer(auto_error=False, description="A personal access token (`tms_…`).")


# Every request asks one of these. The project that the address names, and what the user is in it, come with the user:
# one question, not two.
_WHO = """
    SELECT u.id, u.name, u.display_name, u.is_admin, proof.id AS proof_id, proof.last_used_at{more},
           p.id AS place_id, p.slug, p.delete_after, m.role
    FROM {proofs} proof
    JOIN user_account u ON u.id = proof.user_id AND u.is_active
    LEFT JOIN project p ON p.slug = :slug AND p.archived_at IS NULL
    LEFT JOIN project_member m ON m.project_id = p.id AND m.user_id = u.id
    WHERE proof.token_hash = :hash AND {valid}
"""
_BY_TOKEN = DriverStatement(
    _WHO.format(
        proofs="access_token",
        more=", proof.scope, proof.project_id",
        valid="proof.revoked_at IS NULL AND (proof.expires_at IS NULL OR proof.expires_at > :now)",
    )
)
_BY_COOKIE = DriverStatement(_WHO.format(proofs="browser_session", more="", valid="proof.expires_at > :now"))


@dataclass(frozen=True)
class Place:
    """The project that a request's address names, and the user's role there; `projects/access.py` judges it."""

    project_id: uuid.UUID
    slug: str
    delete_after: datetime | None
    role: str | None


@dataclass(frozen=True)
class SignedInUser:
    """The user behind a request. `via` says how they proved it; `scope` is what a token allows.

    `session_id` is the browser's session, if there is one; a token with `only_project` works in that project alone.
    `place` is the project that the address names, if it exists.
    """

    id: uuid.UUID
    name: str
    display_name: str
    is_admin: bool
    via: Literal["session", "token"]
    scope: Literal["read", "write"]
    session_id: uuid.UUID | None = None
    only_project: uuid.UUID | None = None
    place: Place | None = None


ExpectedUser = Annotated[
    uuid.UUID | None,
    Header(description="Who you think is signed in: a change is refused (412) if it is somebody else."),
]


def anyone() -> None:
    """The rule of a route for everybody, also who is not signed in. Every route names its rule as a dependency."""


def current_user(
    request: Request,
    cookie: Annotated[str | None, Security(_cookie)] = None,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None,
    expected_user: ExpectedUser = None,
) -> SignedInUser:
    """The signed-in user. Raises ProblemError 401 without one.

    Of a change also 403 for a token that does not reach so far, 412 for a user who is not `expected_user`, 429 for too
    many in a minute.
    """
    # A request that carries an Authorization header never falls back to the cookie: it skips the cross-site check.
    slug = request.path_params.get("slug")
    if "authorization" in request.headers:
        user = _user_of_token(bearer.credentials, slug) if bearer else None
    else:
        user = user_of_cookie(cookie, slug)
    if user is None:
        raise not_signed_in()
    if request.method not in SAFE_METHODS:
        _check_change(user, request, expected_user)
    return user


ANYONE = Depends(anyone)
"""In a route's `dependencies=`: everybody may ask."""
CurrentUser = Annotated[SignedInUser, Depends(current_user)]


def user_of_cookie(cookie: str | None, slug: str | None = None) -> SignedInUser | None:
    """Who is signed in by this session cookie, and what they are in the project `slug`."""
    if not cookie:
        return None
    now = utc_now()
    with reading() as connection:
        found = _BY_COOKIE.one_or_none(connection, {"hash": digest(cookie), "now": now, "slug": slug})
    if found is None:
        return None
    _remember_use(BrowserSession, found.proof_id, found.last_used_at, now)
    return _signed_in(found, via="session", scope="write", session_id=found.proof_id)


def require_admin(user: CurrentUser) -> SignedInUser:
    """The signed-in user, if an administrator. Raises ProblemError 403."""
    if not user.is_admin:
        raise forbidden("Only an administrator of this service may do that.")
    if user.only_project is not None:
        raise forbidden("This access token works in one project only.")
    return user


AdminUser = Annotated[SignedInUser, Depends(require_admin)]


def not_signed_in() -> ProblemError:
    """401."""
    return ProblemError(
        401,
        "not-signed-in",
        "Nobody is signed in",
        "Open a sign-in link (`tomosift user link NAME` makes one), or send an access token.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _check_change(user: SignedInUser, request: Request, expected_user: uuid.UUID | None) -> None:
    if user.scope == "read":
        raise forbidden("This access token may only read. Make one with the scope `write`.")
    if user.only_project is not None and "slug" not in request.path_params:
        raise forbidden("This access token works in one project only.")
    if expected_user is not None and expected_user != user.id:
        raise ProblemError(
            412,
            "another-user",
            "Somebody else is signed in",
            f"Nothing was changed: {user.display_name} is signed in now, and somebody else made this. Sign in again.",
        )
    count_write(str(user.id))


def _user_of_token(token: str, slug: str | None) -> SignedInUser | None:
    now = utc_now()
    with reading() as connection:
        found = _BY_TOKEN.one_or_none(connection, {"hash": digest(token), "now": now, "slug": slug})
    if found is None:
        return None
    _remember_use(AccessToken, found.proof_id, found.last_used_at, now)
    scope: Literal["read", "write"] = "write" if found.scope == "write" else "read"
    return _signed_in(found, via="token", scope=scope, only_project=found.project_id)


def _signed_in(found: Any, **proof: Any) -> SignedInUser:
    place = Place(found.place_id, found.slug, found.delete_after, found.role) if found.place_id is not None else None
    return SignedInUser(found.id, found.name, found.display_name, found.is_admin, place=place, **proof)


def _remember_use(
    table: type[AccessToken] | type[BrowserSession], proof_id: uuid.UUID, last_used_at: datetime | None, now: datetime
) -> None:
    if last_used_at is None or last_used_at < now - REMEMBER_USE_EVERY:
        with transaction() as session:
            session.execute(update(table).where(table.id == proof_id).values(last_used_at=now))
