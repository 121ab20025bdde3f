"""Routes of invitations. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import UUID

from tomosift.accounts.schemas import SessionBegun
from tomosift.client.calls import Call, Json, new_key, segment
from tomosift.projects.invitation_schemas import (
    AcceptInvitation,
    InvitationAccepted,
    InvitationIn,
    InvitationMade,
    InvitationOut,
    InvitationShown,
    InvitationToken,
    ProjectInvitationIn,
)

if TYPE_CHECKING:
    from tomosift.client.async_client import AsyncTomosift


class AsyncInvitationsRoutes:
    """Routes of invitations."""

    def __init__(self, client: "AsyncTomosift") -> None:
        self._client = client

    async def create(self, body: InvitationIn | Json, *, key: str | None = None) -> InvitationMade:
        """Invite somebody: `POST /invitations`."""
        call = Call("POST", "/invitations", body=body, headers={"Idempotency-Key": key or new_key()})
        return await self._client.read(call, InvitationMade)

    def all(self, *, limit: int | None = None) -> AsyncIterator[InvitationOut]:
        """All invitations, newest first: `GET /invitations`."""
        call = Call("GET", "/invitations", query={"limit": limit})
        return self._client.pages(call, InvitationOut)

    async def revoke(self, invitation_id: UUID | str) -> None:
        """Take an invitation back: `DELETE /invitations/{invitation_id}`."""
        call = Call("DELETE", f"/invitations/{segment(invitation_id)}")
        await self._client.send(call)

    async def create_project_invitation(
        self, slug: str, body: ProjectInvitationIn | Json, *, key: str | None = None
    ) -> InvitationMade:
        """Invite somebody into a project: `POST /projects/{slug}/invitations`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/invitations", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return await self._client.read(call, InvitationMade)

    def read_project_invitations(self, slug: str, *, limit: int | None = None) -> AsyncIterator[InvitationOut]:
        """Invitations into a project: `GET /projects/{slug}/invitations`."""
        call = Call("GET", f"/projects/{segment(slug)}/invitations", query={"limit": limit})
        return self._client.pages(call, InvitationOut)

    async def revoke_project_invitation(self, slug: str, invitation_id: UUID | str) -> None:
        """Take an invitation into a project back: `DELETE /projects/{slug}/invitations/{invitation_id}`."""
        call = Call("DELETE", f"/projects/{segment(slug)}/invitations/{segment(invitation_id)}")
        await self._client.send(call)

    async def look_at_invitation(self, body: InvitationToken | Json) -> InvitationShown:
        """What an invitation leads to: `POST /invitations/look`."""
        call = Call("POST", "/invitations/look", body=body)
        return await self._client.read(call, InvitationShown)

    async def accept(self, body: AcceptInvitation | Json) -> SessionBegun:
        """Accept an invitation: `POST /invitations/accept`."""
        call = Call("POST", "/invitations/accept", body=body)
        return await self._client.read(call, SessionBegun)

    async def join_by_invitation(self, body: InvitationToken | Json) -> InvitationAccepted:
        """Join a project by an invitation: `POST /invitations/join`."""
        call = Call("POST", "/invitations/join", body=body)
        return await self._client.read(call, InvitationAccepted)
