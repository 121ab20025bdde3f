"""Who may do what in a project. Every project route takes one of the access types below."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Request

from tomosift.accounts.authentication import CurrentUser, SignedInUser
from tomosift.kit.problems import ProblemError, conflict, forbidden, not_found
from tomosift.kit.web_security import SAFE_METHODS
from tomosift.projects.roles import Role as Role


@dataclass(frozen=True)
class ProjectAccess:
    """A user in a project, with the role that lets them in."""

    project_id: uuid.UUID
    slug: str
    role: Role
    user: SignedInUser

    @property
    def id(self) -> uuid.UUID:
        """The project's id: this names the place of a deed in the audit log."""
        return self.project_id


@dataclass(frozen=True)
class RequireRole:
    """The dependency behind `require`: finds the project of the path and checks the user's role there.

    A deleted project is there for its owners only, until it is gone, and nothing in it changes unless `of_deleted`.
    """

    role: Role
    of_deleted: bool = False

    async def __call__(
        self,
        request: Request,
        user: CurrentUser,
        slug: Annotated[str, Path(description="The project's short name.", max_length=64)],
    ) -> ProjectAccess:
        """What `judge` says. A coroutine, because it waits for nothing: `user` knows of the project `slug` already."""
        return self.judge(request.method, user)

    def judge(self, method: str, user: SignedInUser) -> ProjectAccess:
        """404 for a project that does not exist or is not theirs, 403 for a role that is too small, 409 if deleted."""
        place = user.place
        if place is None:
            raise not_found("project")
        if user.is_admin:
            role = Role.OWNER
        elif place.role is not None:
            role = Role(place.role)
        else:
            raise not_found("project")
        if user.only_project not in (None, place.project_id) or (place.delete_after and role is not Role.OWNER):
            raise not_found("project")
        if place.delete_after and method not in SAFE_METHODS and not self.of_deleted:
            raise _deleted(place.delete_after)
        if not role.may(self.role):
            raise forbidden(
                f"You are {role.value} in this project; this needs {self.role.value}. An owner of the project can "
                "change your role."
            )
        return ProjectAccess(place.project_id, place.slug, role, user)


def _deleted(delete_after: datetime) -> ProblemError:
    return conflict(
        "project-deleted",
        "The project is deleted",
        f"It can be restored until {delete_after:%Y-%m-%d %H:%M} UTC; nothing in it changes until then.",
    )


def require(role: Role | str) -> Any:
    """`Depends` that gives a `ProjectAccess` of at least `role` in the project `{slug}` of the path."""
    return Depends(RequireRole(Role(role)))


ViewerAccess = Annotated[ProjectAccess, require(Role.VIEWER)]
AnnotatorAccess = Annotated[ProjectAccess, require(Role.ANNOTATOR)]
CuratorAccess = Annotated[ProjectAccess, require(Role.CURATOR)]
OwnerAccess = Annotated[ProjectAccess, require(Role.OWNER)]
DeletedAccess = Annotated[ProjectAccess, Depends(RequireRole(Role.OWNER, of_deleted=True))]
