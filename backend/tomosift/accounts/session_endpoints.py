"""HTTP face of signing in: sessions begun, listed and ended, your password."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from tomosift.accounts import sessions
from tomosift.accounts.authentication import ANYONE, SESSION_COOKIE, CurrentUser
from tomosift.accounts.own_account import disconnect_provider, rename_oneself
from tomosift.accounts.own_password import change_password
from tomosift.accounts.schemas import (
    OpenSession,
    OwnName,
    PasswordIn,
    SessionBegun,
    SessionOut,
    SessionsEnded,
    SignInByLink,
    SignInByPassword,
    SignInWays,
    UserOut,
)
from tomosift.accounts.sign_in import sign_in_by_link, sign_in_by_password
from tomosift.accounts.sign_in_ways import sign_in_ways
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_time_cursor, page_of
from tomosift.kit.routing import problems
from tomosift.kit.settings import Settings, get_settings
from tomosift.tables import BrowserSession, User

router = APIRouter(tags=["accounts"])

UserAgent = Annotated[str | None, Header(include_in_schema=False)]


@router.get("/sign-in-ways", summary="How one can sign in here", dependencies=[ANYONE], responses=problems(401))
def read_sign_in_ways() -> SignInWays:
    """What the sign-in page offers: passwords, and the provider if there is one."""
    with transaction() as session:
        return sign_in_ways(session, get_settings())


@router.post(
    "/session", status_code=201, summary="Sign in", dependencies=[ANYONE], responses=problems(401, 403, 422, 429)
)
def sign_in(
    body: SignInByLink | SignInByPassword, request: Request, response: Response, user_agent: UserAgent = None
) -> SessionBegun:
    """Trade the secret of a sign-in link, or a name and its password, for a session cookie.

    Each link works once, within 24 hours. After too many wrong passwords one has to wait.
    """
    settings, address = get_settings(), address_of(request)
    if isinstance(body, SignInByLink):
        begun = sign_in_by_link(body.link_token, address, user_agent, settings)
    else:
        begun = sign_in_by_password(body.name, body.password, address, user_agent, settings)
    set_session_cookie(response, begun.cookie, settings)
    return session_begun(begun)


@router.get("/session", summary="Who is signed in", responses=problems(401))
def read_session(user: CurrentUser) -> SessionOut:
    """The user behind this request."""
    with transaction() as session:
        row = session.get(BrowserSession, user.session_id) if user.session_id else None
        return SessionOut(
            user=UserOut.model_validate(user),
            has_password=session.get_one(User, user.id).password_hash is not None,
            has_provider=session.get_one(User, user.id).oidc_subject is not None,
            may_set_password=row is not None and sessions.is_fresh_by_link(row),
        )


@router.put("/session/name", summary="Change your name", responses=problems(401, 403, 422))
def put_own_name(body: OwnName, user: CurrentUser) -> UserOut:
    """Change the name that others see beside what you decide."""
    with transaction() as session:
        return UserOut.model_validate(rename_oneself(session, user, body.display_name))


@router.delete(
    "/session/provider",
    status_code=204,
    summary="Disconnect the sign-in provider",
    responses=problems(401, 403, 404, 409),
)
def disconnect_own_provider(user: CurrentUser) -> None:
    """Forget your account at the OpenID provider. You need a password, to be able to sign in."""
    with transaction() as session:
        disconnect_provider(session, user)


@router.delete("/session", status_code=204, summary="Sign out", responses=problems(401, 403))
def sign_out(user: CurrentUser, response: Response) -> None:
    """End the browser's session, here and on the server."""
    if user.session_id is not None:
        with transaction() as session:
            sessions.end_session(session, user.id, user.session_id)
            record(session, user, "session.ended", user.name)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")


@router.put("/session/password", status_code=204, summary="Set your password", responses=problems(401, 403, 422, 429))
def put_password(body: PasswordIn, user: CurrentUser, request: Request) -> None:
    """Set a new password: with the old one, or within 15 minutes of opening a link. Your other sessions end."""
    change_password(user, body.old, body.new, address_of(request), get_settings())


@router.get("/sessions", summary="Where you are signed in", responses=problems(401))
def list_sessions(user: CurrentUser, limit: PageLimit = 100, after: PageAfter = None) -> Page[OpenSession]:
    """Your sessions, newest first. One you do not know: end it, and set a new password."""
    with transaction() as session:
        rows = sessions.list_sessions(session, user.id, limit + 1, decode_time_cursor(after))
    return page_of(
        rows,
        limit,
        lambda row: _open_session(row, user.session_id),
        lambda row: (row.created_at.isoformat(), str(row.id)),
    )


@router.delete(
    "/sessions/{session_id}", status_code=204, summary="End one of your sessions", responses=problems(401, 403, 404)
)
def end_session(session_id: uuid.UUID, user: CurrentUser) -> None:
    """Sign a browser of yours out."""
    with transaction() as session:
        sessions.end_session(session, user.id, session_id)
        record(session, user, "session.ended", user.name)


@router.delete("/sessions", summary="End all your other sessions", responses=problems(401, 403))
def end_other_sessions(user: CurrentUser) -> SessionsEnded:
    """Sign all your browsers out but this one."""
    with transaction() as session:
        ended = sessions.end_all_sessions(session, user.id, except_for=user.session_id)
        record(session, user, "session.ended", user.name, count=ended)
    return SessionsEnded(ended=ended)


def address_of(request: Request) -> str:
    """Where the request comes from; behind a trusted proxy what the proxy says."""
    return request.client.host if request.client else "unknown"


def session_begun(begun: sessions.FreshSession) -> SessionBegun:
    """The wire form of a new session."""
    return SessionBegun(
        user=UserOut.model_validate(begun.user),
        has_password=begun.user.password_hash is not None,
        has_provider=begun.user.oidc_subject is not None,
        may_set_password=begun.began_by == "link",
        expires_at=begun.expires_at,
        asks_password=begun.asks_password,
    )


def set_session_cookie(response: Response, cookie: str, settings: Settings) -> None:
    """Let the browser keep the session. Strict: no other site can make it send the cookie."""
    response.set_cookie(
        SESSION_COOKIE,
        cookie,
        max_age=int(settings.session_days * 86400),
        httponly=True,
        samesite="strict",
        secure=(settings.public_url or "").startswith("https://"),
        path="/",
    )


def _open_session(row: BrowserSession, current: uuid.UUID | None) -> OpenSession:
    return OpenSession(
        id=row.id,
        device=row.user_agent,
        began_by=sessions.way_of(row),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        is_current=row.id == current,
    )
