"""Routes of projects. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from tomosift.client.calls import Call, Json, new_key, segment, version_tag
from tomosift.projects.schemas import (
    ClassIn,
    ClassOut,
    MemberIn,
    MemberOut,
    ProjectIn,
    ProjectOut,
    ProjectPatch,
    ProjectSummary,
)

if TYPE_CHECKING:
    from tomosift.client.sync_client import Tomosift


class ProjectsRoutes:
    """Routes of projects."""

    def __init__(self, client: "Tomosift") -> None:
        self._client = client

    def all(self, *, limit: int | None = None) -> Iterator[ProjectSummary]:
        """Your projects: `GET /projects`."""
        call = Call("GET", "/projects", query={"limit": limit})
        return self._client.pages(call, ProjectSummary)

    def create(self, body: ProjectIn | Json, *, key: str | None = None) -> ProjectOut:
        """Make a project: `POST /projects`."""
        call = Call("POST", "/projects", body=body, headers={"Idempotency-Key": key or new_key()})
        return self._client.read(call, ProjectOut)

    def read(self, slug: str) -> ProjectOut:
        """One project: `GET /projects/{slug}`."""
        call = Call("GET", f"/projects/{segment(slug)}")
        return self._client.read(call, ProjectOut)

    def change(self, slug: str, body: ProjectPatch | Json, *, version: int | str) -> ProjectOut:
        """Change a project: `PATCH /projects/{slug}`."""
        call = Call("PATCH", f"/projects/{segment(slug)}", body=body, headers={"If-Match": version_tag(version)})
        return self._client.read(call, ProjectOut)

    def create_class(self, slug: str, body: ClassIn | Json, *, key: str | None = None) -> ClassOut:
        """Add a class: `POST /projects/{slug}/classes`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/classes", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return self._client.read(call, ClassOut)

    def read_members(self, slug: str, *, limit: int | None = None) -> Iterator[MemberOut]:
        """Members of a project: `GET /projects/{slug}/members`."""
        call = Call("GET", f"/projects/{segment(slug)}/members", query={"limit": limit})
        return self._client.pages(call, MemberOut)

    def put_member(self, slug: str, user_id: UUID | str, body: MemberIn | Json) -> MemberOut:
        """Give a role: `PUT /projects/{slug}/members/{user_id}`."""
        call = Call("PUT", f"/projects/{segment(slug)}/members/{segment(user_id)}", body=body)
        return self._client.read(call, MemberOut)

    def delete_member(self, slug: str, user_id: UUID | str) -> None:
        """Remove a member: `DELETE /projects/{slug}/members/{user_id}`."""
        call = Call("DELETE", f"/projects/{segment(slug)}/members/{segment(user_id)}")
        self._client.send(call)

    def leave(self, slug: str) -> None:
        """Leave a project: `DELETE /projects/{slug}/membership`."""
        call = Call("DELETE", f"/projects/{segment(slug)}/membership")
        self._client.send(call)

    def delete(self, slug: str) -> ProjectOut:
        """Delete a project: `DELETE /projects/{slug}`."""
        call = Call("DELETE", f"/projects/{segment(slug)}")
        return self._client.read(call, ProjectOut)

    def restore(self, slug: str) -> ProjectOut:
        """Restore a deleted project: `POST /projects/{slug}/restore`."""
        call = Call("POST", f"/projects/{segment(slug)}/restore")
        return self._client.read(call, ProjectOut)
