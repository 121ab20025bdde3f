"""The label of one subtomogram, derived together with the event that changes it."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.kit.class_meanings import counted_class
from tomosift.kit.label_jobs import ask_for_model_labels
from tomosift.kit.label_rule import MODEL_RULES, SINGLE, DerivedLabel, LabelRule, Opinion, derive_label
from tomosift.kit.standing_labels import adjudicates, spoken_by_importer, standing_opinions
from tomosift.tables import CurrentLabel, LabelEvent

_ABOUT_ONE = (
    standing_opinions(bindparam("project"))
    .where(LabelEvent.subtomogram_id == bindparam("subtomogram"))
    .with_only_columns(
        LabelEvent.id,
        LabelEvent.user_id,
        LabelEvent.kind,
        counted_class().label("class_id"),
        LabelEvent.late,
        spoken_by_importer().label("imported"),
        adjudicates().label("adjudicates"),
    )
)


def opinions_about(session: Session, project_id: uuid.UUID, subtomogram_id: int) -> list[Opinion]:
    """All standing opinions about one subtomogram. The caller holds the subtomogram's row lock."""
    rows = session.execute(_ABOUT_ONE, {"project": project_id, "subtomogram": subtomogram_id})
    return [Opinion(*row) for row in rows]


def label_values(label: DerivedLabel) -> dict[str, Any]:
    """The parameters of the statements that store a label."""
    return {f"label_{name}": value for name, value in asdict(label).items()}


def store_label(
    session: Session,
    project_id: uuid.UUID,
    subtomogram_id: int,
    opinions: Sequence[Opinion],
    rule: LabelRule = SINGLE,
) -> None:
    """Write the label that these opinions make; no row where none stands."""
    label = derive_label(opinions, rule)
    if label is None:
        session.execute(delete(CurrentLabel).where(CurrentLabel.subtomogram_id == subtomogram_id))
    else:
        values = {"subtomogram_id": subtomogram_id, "project_id": project_id, **label_values(label)}
        session.execute(statements.STORE_LABEL, values)
    ask_for_model(session, project_id, rule)


def ask_for_model(session: Session, project_id: uuid.UUID, rule: LabelRule) -> None:
    """Where the project's rule needs a model of its annotators, ask for the job that works it out."""
    if rule in MODEL_RULES:
        ask_for_model_labels(session, project_id)
