"""Invitations: a link that lets one person in, once, and with a project gives them a role there.

An invitation is as good as who made it: it ends when they lose the right to invite.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from tomosift.accounts import passwords
from tomosift.accounts.authentication import SignedInUser
from tomosift.accounts.links import service_url
from tomosift.accounts.secrets import digest, new_secret
from tomosift.accounts.users import add_user
from tomosift.kit.audit import record
from tomosift.kit.database import utc_now
from tomosift.kit.problems import ProblemError, conflict, not_found
from tomosift.kit.settings import Settings
from tomosift.projects.access import Role
from tomosift.projects.invitation_schemas import AcceptInvitation, InvitationIn
from tomosift.tables import Invitation, Project, ProjectMember, User


@dataclass(frozen=True)
class InvitationRow:
    """An invitation with its project and the people it names."""

    invitation: Invitation
    project: Project | None
    made_by: str | None
    used_by: str | None


@dataclass(frozen=True)
class FreshInvitation:
    """An invitation just made; its secret is nowhere else."""

    row: InvitationRow
    url: str


def make_invitation(
    session: Session,
    user: SignedInUser,
    wanted: InvitationIn,
    settings: Settings,
    project_id: uuid.UUID | None = None,
    role: Role | None = None,
) -> FreshInvitation:
    """A new invitation: into the service, or with `project_id` and `role` into a project as well."""
    secret = new_secret()
    invitation = Invitation(
        token_hash=digest(secret),
        note=wanted.note,
        project_id=project_id,
        role=role.value if role else None,
        created_by=user.id,
        expires_at=utc_now() + timedelta(days=wanted.expires_in_days),
    )
    session.add(invitation)
    session.flush()
    session.refresh(invitation)
    project = session.get(Project, project_id) if project_id else None
    record(
        session,
        user,
        "invitation.made",
        wanted.note or "(somebody)",
        project,
        role=invitation.role,
        id=str(invitation.id),
    )
    row = InvitationRow(invitation, project, user.display_name, None)
    return FreshInvitation(row, f"{service_url(settings)}/invitation#token={secret}")


def list_invitations(
    session: Session, project_id: uuid.UUID | None, limit: int, before: tuple[datetime, uuid.UUID] | None
) -> Sequence[InvitationRow]:
    """Up to `limit` invitations, newest first: of one project, or (None) of the service and all projects."""
    query = select(Invitation).order_by(Invitation.created_at.desc(), Invitation.id.desc()).limit(limit)
    if project_id is not None:
        query = query.where(Invitation.project_id == project_id)
    if before is not None:
        query = query.where(tuple_(Invitation.created_at, Invitation.id) < tuple_(*before))
    return _rows(session, session.scalars(query).all())


def revoke_invitation(
    session: Session, user: SignedInUser, invitation_id: uuid.UUID, project_id: uuid.UUID | None
) -> None:
    """End an invitation (of this project only, unless None). Raises ProblemError 404, 409 if it was used."""
    invitation = session.get(Invitation, invitation_id, with_for_update=True)
    if invitation is None or (project_id is not None and invitation.project_id != project_id):
        raise not_found("invitation")
    if invitation.used_at is not None:
        raise conflict("invitation-used", "It was used already", "Take the member out, or switch the account off.")
    if invitation.revoked_at is None:
        invitation.revoked_at = utc_now()
        project = session.get(Project, invitation.project_id) if invitation.project_id else None
        target = invitation.note or "(somebody)"
        record(session, user, "invitation.revoked", target, project, id=str(invitation.id))


def find_open(session: Session, token: str) -> InvitationRow:
    """The invitation of this secret, locked until the commit. Raises ProblemError 410 if it is over, 404 if unknown."""
    invitation = session.scalars(
        select(Invitation).where(Invitation.token_hash == digest(token)).with_for_update()
    ).one_or_none()
    if invitation is None:
        raise not_found("invitation")
    if invitation.used_at is not None:
        raise _over("invitation-used", "This invitation was used already", "Each one works once.")
    if invitation.revoked_at is not None:
        raise _over("invitation-revoked", "This invitation was taken back", "")
    if invitation.expires_at <= utc_now():
        raise _over("invitation-expired", "This invitation has expired", "")
    row = _rows(session, [invitation])[0]
    if row.project is not None and (row.project.archived_at or row.project.delete_after):
        raise _over("invitation-revoked", "The project of this invitation is not there any more", "")
    return row


def accept(session: Session, wanted: AcceptInvitation) -> User:
    """Make the account the invitation is for, and a member of its project.

    Raises ProblemError as `find_open`, 409 for a name that is taken, 422 for a password that is easily guessed.
    """
    password_hash = passwords.make_hash(wanted.password, wanted.name)
    row = find_open(session, wanted.token)
    user = add_user(session, wanted.name, wanted.display_name, is_admin=False)
    user.password_hash = password_hash
    _use(row.invitation, user.id)
    record(session, user, "invitation.accepted", user.name, row.project, id=str(row.invitation.id))
    if row.project is not None and row.invitation.role is not None:
        _join(session, row.project, user, Role(row.invitation.role))
    return user


def join(session: Session, user: SignedInUser, token: str) -> Project:
    """Make somebody who has an account a member of the invitation's project; a greater role of theirs stays.

    Raises ProblemError as `find_open`, 409 for an invitation to no project, or one that would change nothing.
    """
    row = find_open(session, token)
    if row.project is None or row.invitation.role is None:
        raise conflict("account-there", "You have an account already", "This invitation is for somebody without one.")
    role = Role(row.invitation.role)
    member = session.get(ProjectMember, (row.project.id, user.id))
    if member is not None and Role(member.role).may(role):
        raise conflict(
            "member-already", "You are in this project already", f"You are its {member.role}; leave the link to others."
        )
    _use(row.invitation, user.id)
    record(session, user, "invitation.accepted", user.name, row.project, id=str(row.invitation.id))
    _join(session, row.project, user, role)
    return row.project


def revoke_invitations_of(session: Session, user_id: uuid.UUID, project_id: uuid.UUID) -> None:
    """End the open invitations somebody made for a project they own no longer."""
    session.execute(
        update(Invitation)
        .where(
            Invitation.project_id == project_id,
            Invitation.created_by == user_id,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=utc_now())
    )


def _join(session: Session, project: Project, user: User | SignedInUser, role: Role) -> None:
    member = session.get(ProjectMember, (project.id, user.id))
    before = member.role if member else None
    if member is None:
        session.add(ProjectMember(project_id=project.id, user_id=user.id, role=role.value))
    else:
        member.role = role.value
    record(session, user, "role.given", user.name, project, role=role.value, before=before)


def _use(invitation: Invitation, user_id: uuid.UUID) -> None:
    invitation.used_at, invitation.used_by = utc_now(), user_id


def _rows(session: Session, invitations: Sequence[Invitation]) -> list[InvitationRow]:
    ids = {each.created_by for each in invitations} | {each.used_by for each in invitations}
    people = {row.id: row.display_name for row in session.scalars(select(User).where(User.id.in_(ids - {None})))}
    wanted = {each.project_id for each in invitations} - {None}
    projects = {row.id: row for row in session.scalars(select(Project).where(Project.id.in_(wanted)))}
    return [
        InvitationRow(
            each,
            projects[each.project_id] if each.project_id else None,
            people.get(each.created_by) if each.created_by else None,
            people.get(each.used_by) if each.used_by else None,
        )
        for each in invitations
    ]


def _over(kind: str, title: str, why: str) -> ProblemError:
    return ProblemError(410, kind, title, f"{why} Ask who sent it for another one.".strip())
