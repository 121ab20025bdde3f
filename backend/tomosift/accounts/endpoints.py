"""HTTP face of the accounts room: users, and what administrators do with their accounts; access tokens."""

import uuid

from fastapi import APIRouter
from sqlalchemy import select

from tomosift.accounts import people, tokens
from tomosift.accounts.authentication import AdminUser, CurrentUser
from tomosift.accounts.links import make_link
from tomosift.accounts.repeatable import repeatable
from tomosift.accounts.schemas import (
    AccountOut,
    LinkOut,
    SessionsEnded,
    TokenIn,
    TokenMade,
    TokenOut,
    UserIn,
    UserOut,
    UserPatch,
)
from tomosift.accounts.sessions import end_all_sessions
from tomosift.accounts.users import add_user
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, decode_time_cursor, page_of
from tomosift.kit.problems import not_found
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.tables import User

router = APIRouter(tags=["accounts"])


@router.get("/users", summary="All users, by name", responses=problems(401, 422))
def list_users(user: CurrentUser, limit: PageLimit = 100, after: PageAfter = None) -> Page[UserOut]:
    """Everybody who can sign in; any signed-in user may ask, to add members to a project."""
    cursor = decode_cursor(after, str)
    with transaction() as session:
        query = select(User).where(User.is_active).order_by(User.name).limit(limit + 1)
        rows = session.scalars(query if cursor is None else query.where(User.name > cursor[0])).all()
    return page_of(rows, limit, UserOut.model_validate, lambda row: (row.name,))


@router.post("/users", status_code=201, summary="Add a user", responses=problems(401, 403, 409, 422))
@repeatable()
def create_user(body: UserIn, admin: AdminUser) -> UserOut:
    """Make an account (administrators). Give its owner a sign-in link to let them in."""
    with transaction() as session:
        user = add_user(session, body.name, body.display_name, body.is_admin, email=body.email)
        record(session, admin, "user.added", user.name, is_admin=user.is_admin)
        return UserOut.model_validate(user)


@router.get("/accounts", summary="All accounts, for administrators", responses=problems(401, 403, 422))
def list_accounts(admin: AdminUser, limit: PageLimit = 100, after: PageAfter = None) -> Page[AccountOut]:
    """Everybody with an account, also those that are switched off, by name."""
    cursor = decode_cursor(after, str)
    with transaction() as session:
        rows = people.list_accounts(session, limit + 1, None if cursor is None else str(cursor[0]))
    return page_of(rows, limit, people.account_out, lambda row: (row.user.name,))


@router.patch("/users/{user_id}", summary="Change an account", responses=problems(401, 403, 404, 409, 422))
def change_user(user_id: uuid.UUID, body: UserPatch, admin: AdminUser) -> UserOut:
    """Rename, make an administrator, switch off or on (administrators). Switching off ends everything at once."""
    with transaction() as session:
        return UserOut.model_validate(people.change_user(session, admin, user_id, body))


@router.post(
    "/users/{user_id}/sign-in-link",
    status_code=201,
    summary="Make a sign-in link",
    responses=problems(401, 403, 404, 422),
)
@repeatable(shows_secret=True)
def create_link(user_id: uuid.UUID, admin: AdminUser) -> LinkOut:
    """A one-time link for that user (administrators). Older unused links keep working until they expire."""
    with transaction() as session:
        user = session.get(User, user_id)
        if user is None or not user.is_active:
            raise not_found("user")
        link = make_link(session, user, get_settings())
        record(session, admin, "link.made", user.name)
    return LinkOut(url=link.url, expires_at=link.expires_at)


@router.post(
    "/users/{user_id}/password-reset",
    status_code=201,
    summary="Reset a password",
    responses=problems(401, 403, 404, 422),
)
@repeatable(shows_secret=True)
def reset_password(user_id: uuid.UUID, admin: AdminUser) -> LinkOut:
    """Forget the user's password, end their sessions, and make a link that asks for a new one (administrators)."""
    with transaction() as session:
        link = people.reset_password(session, admin, user_id, get_settings())
    return LinkOut(url=link.url, expires_at=link.expires_at)


@router.delete(
    "/users/{user_id}/sessions", summary="End all sessions of a user", responses=problems(401, 403, 404, 422)
)
def end_sessions_of_user(user_id: uuid.UUID, admin: AdminUser) -> SessionsEnded:
    """Sign a user out everywhere (administrators). Access tokens stay; switching the account off ends those too."""
    with transaction() as session:
        user = people.find_person(session, user_id)
        ended = end_all_sessions(session, user.id)
        record(session, admin, "session.ended", user.name, count=ended)
    return SessionsEnded(ended=ended)


@router.get("/tokens", summary="Your access tokens", responses=problems(401))
def list_tokens(user: CurrentUser, limit: PageLimit = 100, after: PageAfter = None) -> Page[TokenOut]:
    """Your tokens that work now, newest first; secrets are never shown again."""
    with transaction() as session:
        rows = tokens.list_tokens(session, user.id, limit + 1, decode_time_cursor(after))
    return page_of(rows, limit, TokenOut.model_validate, lambda row: (row.created_at.isoformat(), str(row.id)))


@router.post("/tokens", status_code=201, summary="Make an access token", responses=problems(401, 403, 404, 422))
@repeatable(shows_secret=True)
def create_token(body: TokenIn, user: CurrentUser) -> TokenMade:
    """A token for scripts, with your rights; `read` may only look. Its secret is shown this once."""
    with transaction() as session:
        project = tokens.project_for_token(session, user, body.project) if body.project else None
        row, secret = tokens.create_token(
            session, user.id, body.name, body.scope, body.expires_in_days, project.id if project else None
        )
        record(session, user, "token.made", row.name, scope=row.scope, only_in=body.project)
    return TokenMade(**TokenOut.model_validate(row).model_dump(), token=secret)


@router.delete("/tokens/{token_id}", status_code=204, summary="Revoke a token", responses=problems(401, 403, 404, 422))
def revoke_token(token_id: uuid.UUID, user: CurrentUser) -> None:
    """End one of your tokens at once."""
    with transaction() as session:
        token = tokens.revoke_token(session, user.id, token_id)
        record(session, user, "token.revoked", token.name)
