"""HTTP face of the projects room: projects and their members."""

import uuid

from fastapi import APIRouter, Response

from tomosift.accounts.authentication import CurrentUser
from tomosift.accounts.repeatable import repeatable
from tomosift.accounts.schemas import UserOut
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, page_of
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.kit.versions import IfMatch, etag
from tomosift.projects import deletion, lifecycle, membership
from tomosift.projects.access import DeletedAccess, OwnerAccess, Role, ViewerAccess
from tomosift.projects.queries import ProjectRow, list_projects
from tomosift.projects.schemas import (
    MemberIn,
    MemberOut,
    ProjectIn,
    ProjectOut,
    ProjectPatch,
    ProjectSummary,
)
from tomosift.tables import Project, ProjectMember, User

router = APIRouter(prefix="/projects", tags=["projects"], responses=problems(422))


@router.get("", summary="Your projects", responses=problems(401, 422))
def read_projects(user: CurrentUser, limit: PageLimit = 100, after: PageAfter = None) -> Page[ProjectSummary]:
    """The projects you are a member of, by short name; administrators see all."""
    cursor = decode_cursor(after, str)
    with transaction() as session:
        rows = list_projects(session, user, limit + 1, None if cursor is None else str(cursor[0]))
    return page_of(rows, limit, _summary, lambda row: (row.project.slug,))


@router.post("", status_code=201, summary="Make a project", responses=problems(401, 403, 409, 422))
@repeatable()
def create_project(body: ProjectIn, user: CurrentUser, response: Response) -> ProjectOut:
    """Make an empty project with its classes. You become its owner; import particles next."""
    with transaction() as session:
        project = lifecycle.create_project(session, body, user.id)
        record(session, user, "project.made", project.slug, project)
        answer = lifecycle.project_out(session, project, Role.OWNER)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.get("/{slug}", summary="One project", responses=problems(401, 404))
def read_project(access: ViewerAccess, response: Response) -> ProjectOut:
    """The project with its classes and settings. Its ETag is what a change must name."""
    with transaction() as session:
        answer = lifecycle.project_out(session, session.get_one(Project, access.project_id), access.role)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.patch("/{slug}", summary="Change a project", responses=problems(401, 403, 404, 412, 422, 428))
def change_project(
    body: ProjectPatch,
    access: OwnerAccess,
    response: Response,
    if_match: IfMatch = None,
) -> ProjectOut:
    """Change name, description, contrast or settings, if nobody has changed the project since you read it."""
    with transaction() as session:
        project = lifecycle.change_project(session, access.project_id, if_match, body)
        record(session, access.user, "project.changed", project.slug, access, **body.model_dump(exclude_none=True))
        answer = lifecycle.project_out(session, project, access.role)
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.get("/{slug}/members", summary="Members of a project", responses=problems(401, 404))
def read_members(access: ViewerAccess, limit: PageLimit = 100, after: PageAfter = None) -> Page[MemberOut]:
    """Who works in the project and as what, by name."""
    cursor = decode_cursor(after, str)
    with transaction() as session:
        rows = membership.list_members(
            session, access.project_id, limit + 1, None if cursor is None else str(cursor[0])
        )
    return page_of(
        rows,
        limit,
        lambda row: _member(*row),
        lambda row: (row[0].name,),
    )


@router.put("/{slug}/members/{user_id}", summary="Give a role", responses=problems(401, 403, 404, 409, 412, 422, 428))
def put_member(
    user_id: uuid.UUID, body: MemberIn, access: OwnerAccess, response: Response, if_match: IfMatch = None
) -> MemberOut:
    """Make a user a member (without If-Match), or change the role of a member. The last owner cannot step down."""
    with transaction() as session:
        answer = _member(*membership.set_member(session, access, user_id, if_match, body.role))
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.delete(
    "/{slug}/members/{user_id}",
    status_code=204,
    summary="Remove a member",
    responses=problems(401, 403, 404, 409, 412, 428),
)
def delete_member(user_id: uuid.UUID, access: OwnerAccess, if_match: IfMatch = None) -> None:
    """Take a user out of the project. Their decisions stay. The last owner cannot be removed."""
    with transaction() as session:
        membership.remove_member(session, access, user_id, if_match)


@router.delete("/{slug}/membership", status_code=204, summary="Leave a project", responses=problems(401, 404, 409))
def leave_project(access: ViewerAccess) -> None:
    """Leave: your decisions stay, and you see the project no more. The last owner cannot leave."""
    with transaction() as session:
        membership.remove_member(session, access, access.user.id, "*")


@router.delete("/{slug}", summary="Delete a project", responses=problems(401, 403, 404, 409))
def delete_project(access: OwnerAccess) -> ProjectOut:
    """Hide the project from everybody but its owners and stop its work. It is gone for good after `delete_after`."""
    with transaction() as session:
        project = deletion.delete_project(session, access.user, access.project_id, get_settings())
        return lifecycle.project_out(session, project, access.role)


@router.post("/{slug}/restore", summary="Restore a deleted project", responses=problems(401, 403, 404, 409))
def restore_project(access: DeletedAccess) -> ProjectOut:
    """Take the deletion back while there is time."""
    with transaction() as session:
        project = deletion.restore_project(session, access.user, access.project_id)
        return lifecycle.project_out(session, project, access.role)


def _member(user: User, member: ProjectMember) -> MemberOut:
    return MemberOut(user=UserOut.model_validate(user), role=Role(member.role), version=member.version)


def _summary(row: ProjectRow) -> ProjectSummary:
    project = row.project
    return ProjectSummary(
        id=project.id,
        slug=project.slug,
        name=project.name,
        description=project.description,
        created_at=project.created_at,
        pool_size=row.pool_size,
        labeled_count=row.labeled_count,
        role=row.role,
        delete_after=project.delete_after,
    )
