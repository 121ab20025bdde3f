"""Making, reading and changing projects."""

import re
import unicodedata
import uuid

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tomosift.kit.label_jobs import post_labels_job
from tomosift.kit.label_rule import rule_of
from tomosift.kit.problems import conflict, invalid
from tomosift.kit.versions import check_version
from tomosift.projects.access import Role
from tomosift.projects.classes import add_first_classes, classes_out, list_classes
from tomosift.projects.schemas import ProjectIn, ProjectOut, ProjectPatch, ProjectSettings
from tomosift.tables import Project, ProjectMember


def create_project(session: Session, wanted: ProjectIn, owner_id: uuid.UUID) -> Project:
    """A new project with its classes; its maker owns it. Raises ProblemError 409 if the short name is taken."""
    project = Project(
        slug=wanted.slug or _free_slug(session, wanted.name),
        name=wanted.name,
        description=wanted.description,
        protein_contrast=wanted.protein_contrast,
        settings=wanted.settings.model_dump(),
        created_by=owner_id,
    )
    try:
        with session.begin_nested():
            session.add(project)
    except IntegrityError as error:
        raise conflict(
            "slug-taken", "That short name is taken", f"There is a project {project.slug!r} already. Choose another."
        ) from error
    session.refresh(project)
    session.add(ProjectMember(project_id=project.id, user_id=owner_id, role=Role.OWNER.value))
    add_first_classes(session, project, wanted.classes)
    return project


def change_project(session: Session, project_id: uuid.UUID, if_match: str | None, patch: ProjectPatch) -> Project:
    """Apply `patch` if the project is still at the version `if_match` names. Raises ProblemError 412, 422, 428."""
    project = session.get_one(Project, project_id, with_for_update=True)
    check_version(if_match, project.version, "project")
    if patch.name is not None:
        project.name = patch.name
    if patch.description is not None:
        project.description = patch.description
    if patch.protein_contrast is not None:
        project.protein_contrast = patch.protein_contrast
    if patch.settings is not None:
        rule_before = rule_of(project.settings)
        project.settings = _merged_settings(project.settings, patch.settings.changes())
        if rule_of(project.settings) != rule_before:
            post_labels_job(session, project.id)
    project.version += 1
    session.flush()
    return project


def project_settings(project: Project) -> ProjectSettings:
    """The validated settings of a project."""
    return ProjectSettings.model_validate(project.settings)


def project_out(session: Session, project: Project, role: Role) -> ProjectOut:
    """The wire form of a project, for a user with that role."""
    return ProjectOut(
        id=project.id,
        slug=project.slug,
        name=project.name,
        description=project.description,
        version=project.version,
        box_size=project.box_size,
        voxel_size_angstrom=project.voxel_size_angstrom,
        protein_contrast="bright" if project.protein_contrast == "bright" else "dark",
        class_set_version=project.class_set_version,
        classes=classes_out(list_classes(session, project.id)),
        settings=project_settings(project),
        role=role,
        created_at=project.created_at,
        delete_after=project.delete_after,
    )


def _merged_settings(before: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    try:
        return ProjectSettings.model_validate({**before, **changes}).model_dump()
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise invalid("invalid-settings", "Something in the settings is wrong", reasons.lstrip(": ")) from error


def _free_slug(session: Session, name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].rstrip("-") or "project"
    taken = set(session.scalars(select(Project.slug).where(Project.slug.startswith(stem, autoescape=True))))
    number, slug = 1, stem
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug
