"""The list of projects with their counts, in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from tomosift.accounts.authentication import SignedInUser
from tomosift.projects.access import Role
from tomosift.tables import CurrentLabel, Project, ProjectMember, Source


@dataclass(frozen=True)
class ProjectRow:
    """A project with its counts and the asking user's role."""

    project: Project
    pool_size: int
    labeled_count: int
    role: Role


def list_projects(session: Session, user: SignedInUser, limit: int, after_slug: str | None) -> Sequence[ProjectRow]:
    """Up to `limit` projects the user may see, by short name, after that of `after_slug`."""
    # The pool's size is the sum of few rows; counting a million subtomograms for each project would be slow.
    pool_size = (
        select(func.coalesce(func.sum(Source.row_count), 0)).where(Source.project_id == Project.id).scalar_subquery()
    )
    labeled = (
        select(func.count())
        .select_from(CurrentLabel)
        .where(CurrentLabel.project_id == Project.id, CurrentLabel.kind != "skip")
        .scalar_subquery()
    )
    query = (
        select(Project, pool_size, labeled, ProjectMember.role)
        .outerjoin(ProjectMember, and_(ProjectMember.project_id == Project.id, ProjectMember.user_id == user.id))
        .where(Project.archived_at.is_(None))
        .order_by(Project.slug)
        .limit(limit)
    )
    if not user.is_admin:
        query = query.where(
            ProjectMember.role.is_not(None), or_(Project.delete_after.is_(None), ProjectMember.role == Role.OWNER.value)
        )
    if user.only_project is not None:
        query = query.where(Project.id == user.only_project)
    if after_slug is not None:
        query = query.where(Project.slug > after_slug)
    return [
        ProjectRow(project, int(pool), int(count), Role.OWNER if user.is_admin else Role(role))
        for project, pool, count, role in session.execute(query)
    ]
