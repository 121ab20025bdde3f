"""HTTP face of the class set: classes, what changes them, its history, reference examples."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Response

from tomosift.accounts.repeatable import repeatable
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, page_of
from tomosift.kit.routing import problems
from tomosift.kit.versions import IfMatch, etag
from tomosift.projects import class_set, class_set_reading, classes
from tomosift.projects.access import CuratorAccess, OwnerAccess, ViewerAccess
from tomosift.projects.class_set_schemas import (
    ClassPatch,
    ClassSetChanged,
    ClassSetChangeIn,
    ClassSetChangeOut,
    ClassSetOut,
    Consequence,
)
from tomosift.projects.schemas import ClassIn, ClassOut
from tomosift.tables import Project

router = APIRouter(prefix="/projects/{slug}", tags=["projects"], responses=problems(401, 404, 422))

SubtomogramId = Annotated[int, Path(ge=1, lt=2**63)]
AUDIT_WORD = {"merge": "merged", "retire": "retired", "split": "split", "restore": "restored"}


@router.get("/class-set", summary="The class set")
def read_class_set(access: ViewerAccess, response: Response) -> ClassSetOut:
    """The classes with guidelines, reference examples and counts of labels; and those that were retired.

    The ETag is the project's: a change of the class set must name it.
    """
    with transaction() as session:
        project = session.get_one(Project, access.project_id)
        answer = class_set_reading.class_set_out(session, project)
        response.headers["ETag"] = etag(project.version)
    return answer


@router.get("/class-set/history", summary="Versions of the class set")
def read_class_set_history(
    access: ViewerAccess, limit: PageLimit = 100, after: PageAfter = None
) -> Page[ClassSetChangeOut]:
    """What made each version, by whom and when, the newest first."""
    cursor = decode_cursor(after, int)
    with transaction() as session:
        rows = class_set_reading.list_changes(
            session, access.project_id, limit + 1, None if cursor is None else int(str(cursor[0]))
        )
    return page_of(rows, limit, lambda row: row, lambda row: (row.version,))


@router.post("/class-set/preview", summary="What a change would do", responses=problems(403, 409))
def preview_class_set_change(body: ClassSetChangeIn, access: OwnerAccess) -> Consequence:
    """How many labels, evaluation items, models and examples a merge, split, retirement or restoration concerns."""
    with transaction() as session:
        return class_set.preview_change(session, access.project_id, body)


@router.post("/class-set/changes", summary="Change the class set", responses=problems(403, 409, 412, 428))
def change_class_set(
    body: ClassSetChangeIn, access: OwnerAccess, response: Response, if_match: IfMatch = None
) -> ClassSetChanged:
    """Merge, split, retire or restore a class, with all that follows for labels and queue; a new version."""
    with transaction() as session:
        answer = class_set.change_class_set(session, access.project_id, if_match, body, access.user.id)
        details = answer.consequence.model_dump(exclude={"kind", "class_name", "sentences"})
        record(
            session,
            access.user,
            f"class.{AUDIT_WORD[body.kind]}",
            answer.consequence.class_name,
            access,
            class_set_version=answer.class_set_version,
            **body.model_dump(mode="json", exclude={"kind", "class_id"}),
            **details,
        )
    response.headers["ETag"] = etag(answer.version)
    return answer


@router.post("/classes", status_code=201, summary="Add a class", responses=problems(403, 409))
@repeatable()
def create_class(body: ClassIn, access: OwnerAccess) -> ClassOut:
    """Add a class at the end of the list; the class set gets a new version. Earlier decisions stay as they are."""
    with transaction() as session:
        added = classes.add_class(session, access.project_id, body, access.user.id)
        record(session, access.user, "class.added", added.name, access)
        return classes.class_out(session, added)


@router.patch("/classes/{class_id}", summary="Change a class", responses=problems(403, 409, 412, 428))
def change_class(
    class_id: uuid.UUID, body: ClassPatch, access: CuratorAccess, response: Response, if_match: IfMatch = None
) -> ClassOut:
    """Change its name, colour, key, guidelines or place, if nobody has changed the project since you read it."""
    with transaction() as session:
        row = classes.change_class(session, access.project_id, class_id, if_match, body, access.user.id)
        record(session, access.user, "class.changed", row.name, access, **body.model_dump(exclude_none=True))
        response.headers["ETag"] = etag(session.get_one(Project, access.project_id).version)
        return classes.class_out(session, row)


@router.put(
    "/classes/{class_id}/examples/{subtomogram_id}",
    status_code=204,
    summary="Show a reference example",
    responses=problems(403, 409),
)
def put_example(class_id: uuid.UUID, subtomogram_id: SubtomogramId, access: CuratorAccess) -> None:
    """Show a subtomogram to annotators as an example of the class; twelve at most, none of the evaluation sample."""
    with transaction() as session:
        row = class_set_reading.add_example(session, access.project_id, class_id, subtomogram_id, access.user.id)
        record(session, access.user, "class.example-added", row.name, access, subtomogram_id=subtomogram_id)


@router.delete(
    "/classes/{class_id}/examples/{subtomogram_id}",
    status_code=204,
    summary="Remove a reference example",
    responses=problems(403),
)
def delete_example(class_id: uuid.UUID, subtomogram_id: SubtomogramId, access: CuratorAccess) -> None:
    """Annotators are no longer shown it with the class; the subtomogram and its label stay."""
    with transaction() as session:
        row = class_set_reading.remove_example(session, access.project_id, class_id, subtomogram_id)
        record(session, access.user, "class.example-removed", row.name, access, subtomogram_id=subtomogram_id)
