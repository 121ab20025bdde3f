"""Routes of accounts. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import AsyncIterator
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
    from tomosift.client.async_client import AsyncTomosift


class AsyncAccountsRoutes:
    """Routes of accounts."""

    def __init__(self, client: "AsyncTomosift") -> None:
        self._client = client

    async def read_sign_in_ways(self) -> SignInWays:
        """How one can sign in here: `GET /sign-in-ways`."""
        call = Call("GET", "/sign-in-ways")
        return await self._client.read(call, SignInWays)

    async def sign_in(self, body: SignInByLink | SignInByPassword | Json) -> SessionBegun:
        """Sign in: `POST /session`."""
        call = Call("POST", "/session", body=body)
        return await self._client.read(call, SessionBegun)

    async def read_session(self) -> SessionOut:
        """Who is signed in: `GET /session`."""
        call = Call("GET", "/session")
        return await self._client.read(call, SessionOut)

    async def put_own_name(self, body: OwnName | Json) -> UserOut:
        """Change your name: `PUT /session/name`."""
        call = Call("PUT", "/session/name", body=body)
        return await self._client.read(call, UserOut)

    async def disconnect_own_provider(self) -> None:
        """Disconnect the sign-in provider: `DELETE /session/provider`."""
        call = Call("DELETE", "/session/provider")
        await self._client.send(call)

    async def sign_out(self) -> None:
        """Sign out: `DELETE /session`."""
        call = Call("DELETE", "/session")
        await self._client.send(call)

    async def put_password(self, body: PasswordIn | Json) -> None:
        """Set your password: `PUT /session/password`."""
        call = Call("PUT", "/session/password", body=body)
        await self._client.send(call)

    def list_sessions(self, *, limit: int | None = None) -> AsyncIterator[OpenSession]:
        """Where you are signed in: `GET /sessions`."""
        call = Call("GET", "/sessions", query={"limit": limit})
        return self._client.pages(call, OpenSession)

    async def end_session(self, session_id: UUID | str) -> None:
        """End one of your sessions: `DELETE /sessions/{session_id}`."""
        call = Call("DELETE", f"/sessions/{segment(session_id)}")
        await self._client.send(call)

    async def end_other_sessions(self) -> SessionsEnded:
        """End all your other sessions: `DELETE /sessions`."""
        call = Call("DELETE", "/sessions")
        return await self._client.read(call, SessionsEnded)

    def list_users(self, *, limit: int | None = None) -> AsyncIterator[UserOut]:
        """All users, by name: `GET /users`."""
        call = Call("GET", "/users", query={"limit": limit})
        return self._client.pages(call, UserOut)

    async def create_user(self, body: UserIn | Json, *, key: str | None = None) -> UserOut:
        """Add a user: `POST /users`."""
        call = Call("POST", "/users", body=body, headers={"Idempotency-Key": key or new_key()})
        return await self._client.read(call, UserOut)

    def all(self, *, limit: int | None = None) -> AsyncIterator[AccountOut]:
        """All accounts, for administrators: `GET /accounts`."""
        call = Call("GET", "/accounts", query={"limit": limit})
        return self._client.pages(call, AccountOut)

    async def change_user(self, user_id: UUID | str, body: UserPatch | Json) -> UserOut:
        """Change an account: `PATCH /users/{user_id}`."""
        call = Call("PATCH", f"/users/{segment(user_id)}", body=body)
        return await self._client.read(call, UserOut)

    async def create_link(self, user_id: UUID | str, *, key: str | None = None) -> LinkOut:
        """Make a sign-in link: `POST /users/{user_id}/sign-in-link`."""
        call = Call("POST", f"/users/{segment(user_id)}/sign-in-link", headers={"Idempotency-Key": key or new_key()})
        return await self._client.read(call, LinkOut)

    async def reset_password(self, user_id: UUID | str, *, key: str | None = None) -> LinkOut:
        """Reset a password: `POST /users/{user_id}/password-reset`."""
        call = Call("POST", f"/users/{segment(user_id)}/password-reset", headers={"Idempotency-Key": key or new_key()})
        return await self._client.read(call, LinkOut)

    async def end_sessions_of_user(self, user_id: UUID | str) -> SessionsEnded:
        """End all sessions of a user: `DELETE /users/{user_id}/sessions`."""
        call = Call("DELETE", f"/users/{segment(user_id)}/sessions")
        return await self._client.read(call, SessionsEnded)

    def list_tokens(self, *, limit: int | None = None) -> AsyncIterator[TokenOut]:
        """Your access tokens: `GET /tokens`."""
        call = Call("GET", "/tokens", query={"limit": limit})
        return self._client.pages(call, TokenOut)

    async def create_token(self, body: TokenIn | Json, *, key: str | None = None) -> TokenMade:
        """Make an access token: `POST /tokens`."""
        call = Call("POST", "/tokens", body=body, headers={"Idempotency-Key": key or new_key()})
        return await self._client.read(call, TokenMade)

    async def revoke_token(self, token_id: UUID | str) -> None:
        """Revoke a token: `DELETE /tokens/{token_id}`."""
        call = Call("DELETE", f"/tokens/{segment(token_id)}")
        await self._client.send(call)

    async def start_oidc(self, *, return_to: str | None = None, connect: bool | None = None) -> None:
        """Go to the provider to sign in: `GET /oidc/start`."""
        call = Call("GET", "/oidc/start", query={"return_to": return_to, "connect": connect})
        await self._client.send(call)

    async def finish_oidc(self, *, state: str | None = None, code: str | None = None, error: str | None = None) -> None:
        """Come back from the provider: `GET /oidc/callback`."""
        call = Call("GET", "/oidc/callback", query={"state": state, "code": code, "error": error})
        await self._client.send(call)
