"""The class set as people see it: counts, reference examples, retired classes, history. And the examples' keeping."""

import uuid
from collections import defaultdict

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from tomosift.kit.problems import conflict, not_found
from tomosift.projects.class_set_schemas import ClassInSet, ClassSetChangeOut, ClassSetOut, RetiredClass
from tomosift.projects.classes import all_classes, classes_out, find_class, list_classes, lock_project
from tomosift.tables import (
    ClassExample,
    ClassSetChange,
    CurrentLabel,
    EvaluationItem,
    ParticleClass,
    Project,
    Subtomogram,
    User,
)

MOST_EXAMPLES = 12


def class_set_out(session: Session, project: Project) -> ClassSetOut:
    """The class set with counts of labels and examples."""
    rows = all_classes(session, project.id)
    labels, examples = _label_counts(session, project.id), _examples(session, project.id)
    return ClassSetOut(
        class_set_version=project.class_set_version,
        classes=[
            ClassInSet(**each.model_dump(), labels=labels.get(each.id, 0), examples=examples[each.id])
            for each in classes_out([row for row in rows if row.retired_in_version is None])
        ],
        retired=[
            RetiredClass(
                id=row.id,
                name=row.name,
                color=row.color,
                retired_in_version=row.retired_in_version,
                merged_into_id=row.merged_into_id,
            )
            for row in rows
            if row.retired_in_version is not None
        ],
    )


def list_changes(session: Session, project_id: uuid.UUID, limit: int, before: int | None) -> list[ClassSetChangeOut]:
    """What made the versions, the newest first, each with the name of who did it."""
    statement = (
        select(ClassSetChange, User.display_name)
        .outerjoin(User, User.id == ClassSetChange.changed_by)
        .where(ClassSetChange.project_id == project_id)
        .order_by(ClassSetChange.version.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(ClassSetChange.version < before)
    return [
        ClassSetChangeOut.model_validate(
            {
                "version": change.version,
                "kind": change.kind,
                "details": change.details,
                "changed_by": name,
                "created_at": change.created_at,
            }
        )
        for change, name in session.execute(statement)
    ]


def add_example(
    session: Session, project_id: uuid.UUID, class_id: uuid.UUID, subtomogram_id: int, by: uuid.UUID
) -> ParticleClass:
    """Show this subtomogram with the class. 404 where either is not there, 409 `example-of-evaluation`, `enough`."""
    lock_project(session, project_id)
    row = find_class(list_classes(session, project_id), class_id)
    found = select(Subtomogram.id).where(Subtomogram.id == subtomogram_id, Subtomogram.project_id == project_id)
    if session.scalar(found) is None:
        raise not_found("subtomogram")
    if session.scalar(select(exists().where(EvaluationItem.subtomogram_id == subtomogram_id))):
        raise conflict(
            "example-of-evaluation",
            "It belongs to the evaluation sample",
            "Evaluation items are decided blind, so none of them can be an example. Choose another subtomogram.",
        )
    there = session.scalars(select(ClassExample.subtomogram_id).where(ClassExample.class_id == class_id)).all()
    if subtomogram_id not in there:
        if len(there) >= MOST_EXAMPLES:
            raise conflict(
                "enough-examples",
                "The class has enough examples",
                f"A class has at most {MOST_EXAMPLES} reference examples. Remove one first.",
            )
        session.add(ClassExample(class_id=class_id, subtomogram_id=subtomogram_id, added_by=by))
    return row


def remove_example(session: Session, project_id: uuid.UUID, class_id: uuid.UUID, subtomogram_id: int) -> ParticleClass:
    """Show it no more. Raises ProblemError 404 where it is no example of the class."""
    row = find_class(all_classes(session, project_id), class_id)
    example = session.get(ClassExample, (class_id, subtomogram_id))
    if example is None:
        raise not_found("reference example")
    session.delete(example)
    return row


def _label_counts(session: Session, project_id: uuid.UUID) -> dict[uuid.UUID | None, int]:
    """Labels by class, without the evaluation sample: nobody may learn from a count what was said of it."""
    counted = (
        select(CurrentLabel.class_id, func.count())
        .where(
            CurrentLabel.project_id == project_id,
            CurrentLabel.kind == "class",
            ~exists().where(EvaluationItem.subtomogram_id == CurrentLabel.subtomogram_id),
        )
        .group_by(CurrentLabel.class_id)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def _examples(session: Session, project_id: uuid.UUID) -> defaultdict[uuid.UUID, list[int]]:
    rows = session.execute(
        select(ClassExample.class_id, ClassExample.subtomogram_id)
        .join(ParticleClass, ParticleClass.id == ClassExample.class_id)
        .where(
            ParticleClass.project_id == project_id,
            # The sample may have grown since it became an example.
            ~exists().where(EvaluationItem.subtomogram_id == ClassExample.subtomogram_id),
        )
        .order_by(ClassExample.created_at, ClassExample.subtomogram_id)
    )
    found: defaultdict[uuid.UUID, list[int]] = defaultdict(list)
    for class_id, subtomogram_id in rows:
        found[class_id].append(subtomogram_id)
    return found
