"""HTTP face of the accounts room: sign in and out, users, access tokens."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from sqlalchemy import select

from tomosift.accounts import tokens
from tomosift.accounts.authentication import SESSION_COOKIE, AdminUser, CurrentUser
from tomosift.accounts.links import make_link
from tomosift.accounts.schemas import (
    LinkOut,
    SessionBegun,
    SessionOut,
    SignIn,
    TokenIn,
    TokenMade,
    TokenOut,
    UserIn,
    UserOut,
)
from tomosift.accounts.sessions import begin_session, end_session
from tomosift.accounts.users import add_user
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, page_of
from tomosift.kit.problems import not_found
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.tables import User

router = APIRouter(tags=["accounts"])


@router.post("/session", status_code=201, summary="Sign in with a one-time link", responses=problems(401, 403, 422))
def sign_in(
    body: SignIn, response: Response, user_agent: Annotated[str | None, Header(include_in_schema=False)] = None
) -> SessionBegun:
    """Trade the secret of a sign-in link for a session cookie. Each link works once, within 24 hours."""
    settings = get_settings()
    with transaction() as session:
        begun = begin_session(session, body.link_token, user_agent, settings)
    response.set_cookie(
        SESSION_COOKIE,
        begun.cookie,
        max_age=int(settings.session_days * 86400),
        httponly=True,
        samesite="strict",
        secure=(settings.public_url or "").startswith("https://"),
        path="/",
    )
    return SessionBegun(user=UserOut.model_validate(begun.user), expires_at=begun.expires_at)


@router.get("/session", summary="Who is signed in", responses=problems(401))
def read_session(user: CurrentUser) -> SessionOut:
    """The user behind this request."""
    return SessionOut(user=UserOut.model_validate(user))


@router.delete("/session", status_code=204, summary="Sign out", responses=problems(401, 403))
def sign_out(user: CurrentUser, request: Request, response: Response) -> None:
    """End the browser's session, here and on the server."""
    cookie = request.cookies.get(SESSION_COOKIE)
    if user.via == "session" and cookie:
        with transaction() as session:
            end_session(session, cookie)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")


@router.get("/users", summary="All users, by name", responses=problems(401, 422))
def list_users(user: CurrentUser, limit: PageLimit = 100, after: PageAfter = None) -> Page[UserOut]:
    """Everybody who can sign in; any signed-in user may ask, to add members to a project."""
    cursor = decode_cursor(after, str)
    with transaction() as session:
        query = select(User).where(User.is_active).order_by(User.name).limit(limit + 1)
        rows = session.scalars(query if cursor is None else query.where(User.name > cursor[0])).all()
    return page_of(rows, limit, UserOut.model_validate, lambda row: (row.name,))


@router.post("/users", status_code=201, summary="Add a user", responses=problems(401, 403, 409, 422))
def create_user(body: UserIn, admin: AdminUser) -> UserOut:
    """Make an account (administrators). Give its owner a sign-in link to let them in."""
    with transaction() as session:
        return UserOut.model_validate(add_user(session, body.name, body.display_name, body.is_admin))


@router.post(
    "/users/{user_id}/sign-in-link",
    status_code=201,
    summary="Make a sign-in link",
    responses=problems(401, 403, 404, 422),
)
def create_link(user_id: uuid.UUID, admin: AdminUser) -> LinkOut:
    """A one-time link for that user (administrators). Older unused links keep working until they expire."""
    with transaction() as session:
        user = session.get(User, user_id)
        if user is None or not user.is_active:
            raise not_found("user")
        link = make_link(session, user, get_settings())
    return LinkOut(url=link.url, expires_at=link.expires_at)


@router.get("/tokens", summary="Your access tokens", responses=problems(401))
def list_tokens(user: CurrentUser) -> Page[TokenOut]:
    """Your tokens that work now, newest first; secrets are never shown again."""
    with transaction() as session:
        return Page(items=[TokenOut.model_validate(row) for row in tokens.list_tokens(session, user.id)], next=None)


@router.post("/tokens", status_code=201, summary="Make an access token", responses=problems(401, 403, 422))
def create_token(body: TokenIn, user: CurrentUser) -> TokenMade:
    """A token for scripts, with your rights; `read` may only look. Its secret is shown this once."""
    with transaction() as session:
        row, secret = tokens.create_token(session, user.id, body.name, body.scope, body.expires_in_days)
    return TokenMade(**TokenOut.model_validate(row).model_dump(), token=secret)


@router.delete("/tokens/{token_id}", status_code=204, summary="Revoke a token", responses=problems(401, 403, 404, 422))
def revoke_token(token_id: uuid.UUID, user: CurrentUser) -> None:
    """End one of your tokens at once."""
    with transaction() as session:
        tokens.revoke_token(session, user.id, token_id)
