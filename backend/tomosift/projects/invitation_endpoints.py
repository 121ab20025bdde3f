"""HTTP face of invitations: made, listed and revoked by administrators and owners, looked at and accepted by guests."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from tomosift.accounts.authentication import ANYONE, AdminUser, CurrentUser
from tomosift.accounts.repeatable import repeatable
from tomosift.accounts.schemas import SessionBegun
from tomosift.accounts.session_endpoints import address_of, session_begun, set_session_cookie
from tomosift.accounts.sessions import begin_session
from tomosift.accounts.sign_in import count_failure
from tomosift.kit.audit import record
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_time_cursor, page_of
from tomosift.kit.problems import ProblemError
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.projects import invitations
from tomosift.projects.access import OwnerAccess, Role
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

router = APIRouter(tags=["invitations"])


@router.post("/invitations", status_code=201, summary="Invite somebody", responses=problems(401, 403, 422))
@repeatable(shows_secret=True)
def create_invitation(body: InvitationIn, admin: AdminUser) -> InvitationMade:
    """A link that makes one account (administrators). Send it to one person; it works once."""
    with transaction() as session:
        return _made(invitations.make_invitation(session, admin, body, get_settings()))


@router.get("/invitations", summary="All invitations, newest first", responses=problems(401, 403, 422))
def read_invitations(admin: AdminUser, limit: PageLimit = 100, after: PageAfter = None) -> Page[InvitationOut]:
    """Invitations to the service and to every project, with what became of them (administrators)."""
    return _page(None, limit, after)


@router.delete(
    "/invitations/{invitation_id}",
    status_code=204,
    summary="Take an invitation back",
    responses=problems(401, 403, 404, 409, 422),
)
def revoke_invitation(invitation_id: uuid.UUID, admin: AdminUser) -> None:
    """End an invitation that nobody has used (administrators)."""
    with transaction() as session:
        invitations.revoke_invitation(session, admin, invitation_id, None)


@router.post(
    "/projects/{slug}/invitations",
    status_code=201,
    summary="Invite somebody into a project",
    responses=problems(401, 403, 404, 422),
)
@repeatable(shows_secret=True)
def create_project_invitation(body: ProjectInvitationIn, access: OwnerAccess) -> InvitationMade:
    """A link that makes one person a member with this role, and makes their account if they have none."""
    with transaction() as session:
        made = invitations.make_invitation(session, access.user, body, get_settings(), access.project_id, body.role)
        return _made(made)


@router.get(
    "/projects/{slug}/invitations", summary="Invitations into a project", responses=problems(401, 403, 404, 422)
)
def read_project_invitations(
    access: OwnerAccess, limit: PageLimit = 100, after: PageAfter = None
) -> Page[InvitationOut]:
    """The project's invitations, newest first, with what became of them."""
    return _page(access.project_id, limit, after)


@router.delete(
    "/projects/{slug}/invitations/{invitation_id}",
    status_code=204,
    summary="Take an invitation into a project back",
    responses=problems(401, 403, 404, 409, 422),
)
def revoke_project_invitation(invitation_id: uuid.UUID, access: OwnerAccess) -> None:
    """End an invitation of this project that nobody has used."""
    with transaction() as session:
        invitations.revoke_invitation(session, access.user, invitation_id, access.project_id)


@router.post(
    "/invitations/look",
    summary="What an invitation leads to",
    dependencies=[ANYONE],
    responses=problems(401, 403, 404, 410, 422, 429),
)
def look_at_invitation(body: InvitationToken, request: Request) -> InvitationShown:
    """Who invites, and into which project as what; nothing is used up."""
    try:
        with transaction() as session:
            row = invitations.find_open(session, body.token)
    except ProblemError:
        count_failure(get_settings(), address_of(request))
        raise
    return InvitationShown(
        project_name=row.project.name if row.project else None,
        role=Role(row.invitation.role) if row.invitation.role else None,
        made_by=row.made_by,
        expires_at=row.invitation.expires_at,
    )


@router.post(
    "/invitations/accept",
    status_code=201,
    summary="Accept an invitation",
    dependencies=[ANYONE],
    responses=problems(401, 403, 404, 409, 410, 422, 429),
)
def accept_invitation(
    body: AcceptInvitation,
    request: Request,
    response: Response,
    user_agent: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> SessionBegun:
    """Make your account with a name and a password, and be signed in with it. With an account: sign in, then join."""
    settings, address = get_settings(), address_of(request)
    try:
        with transaction() as session:
            invitations.find_open(session, body.token)
    except ProblemError:
        count_failure(settings, address)
        raise
    with transaction() as session:
        user = invitations.accept(session, body)
        begun = begin_session(session, user, "password", user_agent, settings)
        record(session, user, "session.begun", user.name, way="invitation", address=address)
    set_session_cookie(response, begun.cookie, settings)
    return session_begun(begun)


@router.post(
    "/invitations/join", summary="Join a project by an invitation", responses=problems(401, 403, 404, 409, 410, 422)
)
def join_by_invitation(body: InvitationToken, user: CurrentUser) -> InvitationAccepted:
    """Become a member of the invitation's project with the account you are signed in with."""
    with transaction() as session:
        return InvitationAccepted(slug=invitations.join(session, user, body.token).slug)


def _page(project_id: uuid.UUID | None, limit: int, after: str | None) -> Page[InvitationOut]:
    with transaction() as session:
        rows = invitations.list_invitations(session, project_id, limit + 1, decode_time_cursor(after))
    return page_of(rows, limit, _out, lambda row: (row.invitation.created_at.isoformat(), str(row.invitation.id)))


def _made(fresh: invitations.FreshInvitation) -> InvitationMade:
    return InvitationMade(**_out(fresh.row).model_dump(), url=fresh.url)


def _out(row: invitations.InvitationRow) -> InvitationOut:
    invitation = row.invitation
    over = "used" if invitation.used_at else "revoked" if invitation.revoked_at else None
    return InvitationOut(
        id=invitation.id,
        note=invitation.note,
        project=row.project.slug if row.project else None,
        role=Role(invitation.role) if invitation.role else None,
        state=over or ("expired" if invitation.expires_at <= utc_now() else "open"),
        made_by=row.made_by,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        used_at=invitation.used_at,
        used_by=row.used_by,
    )
