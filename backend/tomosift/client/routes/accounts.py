"""Routes of accounts. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from tomosift.accounts.schemas import (
    AccountOut,
    LinkOut,
    OpenSession,
    OwnName,
    PasswordIn,
    SessionBegun,
    SessionOut,
    SessionsEnded,
    SignInByLink,
    SignInByPassword,
    SignInWays,
    TokenIn,
    TokenMade,
    TokenOut,
    UserIn,
    UserOut,
    UserPatch,
)
from tomosift.client.calls import Call, Json, new_key, segment

if TYPE_CHECKING:
    from tomosift.client.sync_client import Tomosift


class AccountsRoutes:
    """Routes of accounts."""

    def __init__(self, client: "Tomosift") -> None:
        self._client = client

    def read_sign_in_ways(self) -> SignInWays:
        """How one can sign in here: `GET /sign-in-ways`."""
        call = Call("GET", "/sign-in-ways")
        return self._client.read(call, SignInWays)

    def sign_in(self, body: SignInByLink | SignInByPassword | Json) -> SessionBegun:
        """Sign in: `POST /session`."""
        call = Call("POST", "/session", body=body)
        return self._client.read(call, SessionBegun)

    def read_session(self) -> SessionOut:
        """Who is signed in: `GET /session`."""
        call = Call("GET", "/session")
        return self._client.read(call, SessionOut)

    def put_own_name(self, body: OwnName | Json) -> UserOut:
        """Change your name: `PUT /session/name`."""
        call = Call("PUT", "/session/name", body=body)
        return self._client.read(call, UserOut)

    def disconnect_own_provider(self) -> None:
        """Disconnect the sign-in provider: `DELETE /session/provider`."""
        call = Call("DELETE", "/session/provider")
        self._client.send(call)

    def sign_out(self) -> None:
        """Sign out: `DELETE /session`."""
        call = Call("DELETE", "/session")
        self._client.send(call)

    def put_password(self, body: PasswordIn | Json) -> None:
        """Set your password: `PUT /session/password`."""
        call = Call("PUT", "/session/password", body=body)
        self._client.send(call)

    def list_sessions(self, *, limit: int | None = None) -> Iterator[OpenSession]:
        """Where you are signed in: `GET /sessions`."""
        call = Call("GET", "/sessions", query={"limit": limit})
        return self._client.pages(call, OpenSession)

    def end_session(self, session_id: UUID | str) -> None:
        """End one of your sessions: `DELETE /sessions/{session_id}`."""
        call = Call("DELETE", f"/sessions/{segment(session_id)}")
        self._client.send(call)

    def end_other_sessions(self) -> SessionsEnded:
        """End all your other sessions: `DELETE /sessions`."""
        call = Call("DELETE", "/sessions")
        return self._client.read(call, SessionsEnded)

    def list_users(self, *, limit: int | None = None) -> Iterator[UserOut]:
        """All users, by name: `GET /users`."""
        call = Call("GET", "/users", query={"limit": limit})
        return self._client.pages(call, UserOut)

    def create_user(self, body: UserIn | Json, *, key: str | None = None) -> UserOut:
        """Add a user: `POST /users`."""
        call = Call("POST", "/users", body=body, headers={"Idempotency-Key": key or new_key()})
        return self._client.read(call, UserOut)

    def all(self, *, limit: int | None = None) -> Iterator[AccountOut]:
        """All accounts, for administrators: `GET /accounts`."""
        call = Call("GET", "/accounts", query={"limit": limit})
        return self._client.pages(call, AccountOut)

    def change_user(self, user_id: UUID | str, body: UserPatch | Json) -> UserOut:
        """Change an account: `PATCH /users/{user_id}`."""
        call = Call("PATCH", f"/users/{segment(user_id)}", body=body)
        return self._client.read(call, UserOut)

    def create_link(self, user_id: UUID | str, *, key: str | None = None) -> LinkOut:
        """Make a sign-in link: `POST /users/{user_id}/sign-in-link`."""
        call = Call("POST", f"/users/{segment(user_id)}/sign-in-link", headers={"Idempotency-Key": key or new_key()})
        return self._client.read(call, LinkOut)

    def reset_password(self, user_id: UUID | str, *, key: str | None = None) -> LinkOut:
        """Reset a password: `POST /users/{user_id}/password-reset`."""
        call = Call("POST", f"/users/{segment(user_id)}/password-reset", headers={"Idempotency-Key": key or new_key()})
        return self._client.read(call, LinkOut)

    def end_sessions_of_user(self, user_id: UUID | str) -> SessionsEnded:
        """End all sessions of a user: `DELETE /users/{user_id}/sessions`."""
        call = Call("DELETE", f"/users/{segment(user_id)}/sessions")
        return self._client.read(call, SessionsEnded)

    def list_tokens(self, *, limit: int | None = None) -> Iterator[TokenOut]:
        """Your access tokens: `GET /tokens`."""
        call = Call("GET", "/tokens", query={"limit": limit})
        return self._client.pages(call, TokenOut)

    def create_token(self, body: TokenIn | Json, *, key: str | None = None) -> TokenMade:
        """Make an access token: `POST /tokens`."""
        call = Call("POST", "/tokens", body=body, headers={"Idempotency-Key": key or new_key()})
        return self._client.read(call, TokenMade)

    def revoke_token(self, token_id: UUID | str) -> None:
        """Revoke a token: `DELETE /tokens/{token_id}`."""
        call = Call("DELETE", f"/tokens/{segment(token_id)}")
        self._client.send(call)

    def start_oidc(self, *, return_to: str | None = None, connect: bool | None = None) -> None:
        """Go to the provider to sign in: `GET /oidc/start`."""
        call = Call("GET", "/oidc/start", query={"return_to": return_to, "connect": connect})
        self._client.send(call)

    def finish_oidc(self, *, state: str | None = None, code: str | None = None, error: str | None = None) -> None:
        """Come back from the provider: `GET /oidc/callback`."""
        call = Call("GET", "/oidc/callback", query={"state": state, "code": code, "error": error})
        self._client.send(call)
