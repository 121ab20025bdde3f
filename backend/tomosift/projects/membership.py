"""Who works in a project, and as what."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.kit.audit import record
from tomosift.kit.problems import ProblemError, conflict, not_found
from tomosift.kit.versions import check_version
from tomosift.projects.access import ProjectAccess, Role
from tomosift.projects.invitations import revoke_invitations_of
from tomosift.tables import Project, ProjectMember, User


def list_members(
    session: Session, project_id: uuid.UUID, limit: int, after_name: str | None
) -> Sequence[tuple[User, ProjectMember]]:
    """Up to `limit` members, by name, after that of `after_name`."""
    query = (
        select(User, ProjectMember)
        .join(ProjectMember, ProjectMember.user_id == User.id)
        .where(ProjectMember.project_id == project_id)
        .order_by(User.name)
        .limit(limit)
    )
    if after_name is not None:
        query = query.where(User.name > after_name)
    return [(user, member) for user, member in session.execute(query)]


def set_member(
    session: Session, access: ProjectAccess, user_id: uuid.UUID, if_match: str | None, role: Role
) -> tuple[User, ProjectMember]:
    """Make a user a member; or give a member, who is still at the version `if_match` names, another role.

    Raises ProblemError 404 for no such user, 409 if the last owner would step down, 412, 428.
    """
    _lock(session, access.project_id)
    user = session.get(User, user_id)
    if user is None or not user.is_active:
        raise not_found("user")
    member = session.get(ProjectMember, (access.project_id, user_id))
    before = member.role if member else None
    if member is not None:
        check_version(if_match, member.version, "member")
        member.role = role.value
    elif if_match in (None, "*"):
        member = ProjectMember(project_id=access.project_id, user_id=user_id, role=role.value)
        session.add(member)
    else:
        raise ProblemError(
            412, "changed-meanwhile", "The member has changed meanwhile", f"{user.name} is no longer in the project."
        )
    session.flush()
    _keep_an_owner(session, access.project_id)
    if before == Role.OWNER.value != role.value:
        revoke_invitations_of(session, user_id, access.project_id)
    if before != role.value:
        record(session, access.user, "role.given", user.name, access, role=role.value, before=before)
    return user, member


def remove_member(session: Session, access: ProjectAccess, user_id: uuid.UUID, if_match: str | None) -> None:
    """Take out a member who is still at the version `if_match` names, or leave; what they decided stays.

    Raises ProblemError 404 for no member, 409 for the last owner, 412, 428.
    """
    _lock(session, access.project_id)
    member = session.get(ProjectMember, (access.project_id, user_id))
    if member is None:
        raise not_found("member")
    check_version(if_match, member.version, "member")
    session.delete(member)
    session.flush()
    _keep_an_owner(session, access.project_id)
    revoke_invitations_of(session, user_id, access.project_id)
    user = session.get_one(User, user_id)
    record(session, access.user, "role.taken", user.name, access, before=member.role)


def _lock(session: Session, project_id: uuid.UUID) -> None:
    """Two owners who take each other's role at once would leave none: one after the other, then."""
    session.get_one(Project, project_id, with_for_update=True)


def _keep_an_owner(session: Session, project_id: uuid.UUID) -> None:
    owners = session.scalar(
        select(func.count())
        .select_from(ProjectMember)
        .join(User, User.id == ProjectMember.user_id)
        .where(ProjectMember.project_id == project_id, ProjectMember.role == Role.OWNER.value, User.is_active)
    )
    if not owners:
        raise conflict("last-owner", "A project needs an owner", "Make somebody else an owner first.")
