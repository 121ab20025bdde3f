"""Routes of invitations. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import Iterator
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
    from tomosift.client.sync_client import Tomosift


class InvitationsRoutes:
    """Routes of invitations."""

    def __init__(self, client: "Tomosift") -> None:
        self._client = client

    def create(self, body: InvitationIn | Json, *, key: str | None = None) -> InvitationMade:
        """Invite somebody: `POST /invitations`."""
        call = Call("POST", "/invitations", body=body, headers={"Idempotency-Key": key or new_key()})
        return self._client.read(call, InvitationMade)

    def all(self, *, limit: int | None = None) -> Iterator[InvitationOut]:
        """All invitations, newest first: `GET /invitations`."""
        call = Call("GET", "/invitations", query={"limit": limit})
        return self._client.pages(call, InvitationOut)

    def revoke(self, invitation_id: UUID | str) -> None:
        """Take an invitation back: `DELETE /invitations/{invitation_id}`."""
        call = Call("DELETE", f"/invitations/{segment(invitation_id)}")
        self._client.send(call)

    def create_project_invitation(
        self, slug: str, body: ProjectInvitationIn | Json, *, key: str | None = None
    ) -> InvitationMade:
        """Invite somebody into a project: `POST /projects/{slug}/invitations`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/invitations", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return self._client.read(call, InvitationMade)

    def read_project_invitations(self, slug: str, *, limit: int | None = None) -> Iterator[InvitationOut]:
        """Invitations into a project: `GET /projects/{slug}/invitations`."""
        call = Call("GET", f"/projects/{segment(slug)}/invitations", query={"limit": limit})
        return self._client.pages(call, InvitationOut)

    def revoke_project_invitation(self, slug: str, invitation_id: UUID | str) -> None:
        """Take an invitation into a project back: `DELETE /projects/{slug}/invitations/{invitation_id}`."""
        call = Call("DELETE", f"/projects/{segment(slug)}/invitations/{segment(invitation_id)}")
        self._client.send(call)

    def look_at_invitation(self, body: InvitationToken | Json) -> InvitationShown:
        """What an invitation leads to: `POST /invitations/look`."""
        call = Call("POST", "/invitations/look", body=body)
        return self._client.read(call, InvitationShown)

    def accept(self, body: AcceptInvitation | Json) -> SessionBegun:
        """Accept an invitation: `POST /invitations/accept`."""
        call = Call("POST", "/invitations/accept", body=body)
        return self._client.read(call, SessionBegun)

    def join_by_invitation(self, body: InvitationToken | Json) -> InvitationAccepted:
        """Join a project by an invitation: `POST /invitations/join`."""
        call = Call("POST", "/invitations/join", body=body)
        return self._client.read(call, InvitationAccepted)
