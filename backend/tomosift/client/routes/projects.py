"""Routes of projects. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from tomosift.client.calls import Call, Json, new_key, segment, version_tag
from tomosift.pool.schemas import DemoOut
from tomosift.projects.class_set_schemas import (
    ClassPatch,
    ClassSetChanged,
    ClassSetChangeOut,
    ClassSetOut,
    Consequence,
    Merge,
    Restore,
    Retire,
    Split,
)
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

    def read_members(self, slug: str, *, limit: int | None = None) -> Iterator[MemberOut]:
        """Members of a project: `GET /projects/{slug}/members`."""
        call = Call("GET", f"/projects/{segment(slug)}/members", query={"limit": limit})
        return self._client.pages(call, MemberOut)

    def put_member(self, slug: str, user_id: UUID | str, body: MemberIn | Json, *, version: int | str) -> MemberOut:
        """Give a role: `PUT /projects/{slug}/members/{user_id}`."""
        call = Call(
            "PUT",
            f"/projects/{segment(slug)}/members/{segment(user_id)}",
            body=body,
            headers={"If-Match": version_tag(version)},
        )
        return self._client.read(call, MemberOut)

    def delete_member(self, slug: str, user_id: UUID | str, *, version: int | str) -> None:
        """Remove a member: `DELETE /projects/{slug}/members/{user_id}`."""
        call = Call(
            "DELETE",
            f"/projects/{segment(slug)}/members/{segment(user_id)}",
            headers={"If-Match": version_tag(version)},
        )
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

    def create_demo_project(self, *, key: str | None = None) -> DemoOut:
        """Make the demo project: `POST /demo-project`."""
        call = Call("POST", "/demo-project", headers={"Idempotency-Key": key or new_key()})
        return self._client.read(call, DemoOut)

    def read_class_set(self, slug: str) -> ClassSetOut:
        """The class set: `GET /projects/{slug}/class-set`."""
        call = Call("GET", f"/projects/{segment(slug)}/class-set")
        return self._client.read(call, ClassSetOut)

    def read_class_set_history(self, slug: str, *, limit: int | None = None) -> Iterator[ClassSetChangeOut]:
        """Versions of the class set: `GET /projects/{slug}/class-set/history`."""
        call = Call("GET", f"/projects/{segment(slug)}/class-set/history", query={"limit": limit})
        return self._client.pages(call, ClassSetChangeOut)

    def preview_class_set_change(self, slug: str, body: Merge | Retire | Split | Restore | Json) -> Consequence:
        """What a change would do: `POST /projects/{slug}/class-set/preview`."""
        call = Call("POST", f"/projects/{segment(slug)}/class-set/preview", body=body)
        return self._client.read(call, Consequence)

    def change_class_set(
        self, slug: str, body: Merge | Retire | Split | Restore | Json, *, version: int | str
    ) -> ClassSetChanged:
        """Change the class set: `POST /projects/{slug}/class-set/changes`."""
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/class-set/changes",
            body=body,
            headers={"If-Match": version_tag(version)},
        )
        return self._client.read(call, ClassSetChanged)

    def create_class(self, slug: str, body: ClassIn | Json, *, key: str | None = None) -> ClassOut:
        """Add a class: `POST /projects/{slug}/classes`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/classes", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return self._client.read(call, ClassOut)

    def change_class(self, slug: str, class_id: UUID | str, body: ClassPatch | Json, *, version: int | str) -> ClassOut:
        """Change a class: `PATCH /projects/{slug}/classes/{class_id}`."""
        call = Call(
            "PATCH",
            f"/projects/{segment(slug)}/classes/{segment(class_id)}",
            body=body,
            headers={"If-Match": version_tag(version)},
        )
        return self._client.read(call, ClassOut)

    def put_example(self, slug: str, class_id: UUID | str, subtomogram_id: int) -> None:
        """Show a reference example: `PUT /projects/{slug}/classes/{class_id}/examples/{subtomogram_id}`."""
        call = Call("PUT", f"/projects/{segment(slug)}/classes/{segment(class_id)}/examples/{segment(subtomogram_id)}")
        self._client.send(call)

    def delete_example(self, slug: str, class_id: UUID | str, subtomogram_id: int) -> None:
        """Remove a reference example: `DELETE /projects/{slug}/classes/{class_id}/examples/{subtomogram_id}`."""
        call = Call(
            "DELETE", f"/projects/{segment(slug)}/classes/{segment(class_id)}/examples/{segment(subtomogram_id)}"
        )
        self._client.send(call)
