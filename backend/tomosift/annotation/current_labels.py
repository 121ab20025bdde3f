"""Deriving what counts now for a subtomogram from what was said about it."""

import uuid
from dataclasses import dataclass

from sqlalchemy import bindparam, delete
from sqlalchemy.orm import Session

from tomosift.annotation import statements
from tomosift.annotation.schemas import LabelOut
from tomosift.kit.standing_labels import RULE, preference, spoken_by_importer, standing_opinions
from tomosift.tables import CurrentLabel, LabelEvent

_ABOUT_ONE = (
    standing_opinions(bindparam("project"))
    .where(LabelEvent.subtomogram_id == bindparam("subtomogram"))
    .with_only_columns(
        LabelEvent.id,
        LabelEvent.kind,
        LabelEvent.class_id,
        LabelEvent.late,
        spoken_by_importer().label("imported"),
    )
)


@dataclass(frozen=True)
class Opinion:
    """An opinion that stands; `imported`: a file said it, not a person."""

    event_id: int
    kind: str
    class_id: uuid.UUID | None
    late: bool
    imported: bool = False


def opinions_about(session: Session, project_id: uuid.UUID, subtomogram_id: int) -> list[Opinion]:
    """All standing opinions about one subtomogram. The caller holds the subtomogram's row lock."""
    rows = session.execute(_ABOUT_ONE, {"project": project_id, "subtomogram": subtomogram_id})
    return [Opinion(row.id, row.kind, row.class_id, row.late, row.imported) for row in rows]


def winning_opinion(opinions: list[Opinion]) -> Opinion | None:
    """The opinion that is the label by rule "single"; None when nothing stands."""
    return min(opinions, key=lambda each: preference(each.kind, each.imported, each.late, each.event_id), default=None)


def label_of(opinions: list[Opinion]) -> LabelOut | None:
    """The label these opinions make."""
    winner = winning_opinion(opinions)
    return LabelOut.model_validate({"kind": winner.kind, "class_id": winner.class_id}) if winner else None


def store_label(session: Session, project_id: uuid.UUID, subtomogram_id: int, opinions: list[Opinion]) -> None:
    """Write the label that these opinions make; no row where none stands."""
    winner = winning_opinion(opinions)
    if winner is None:
        session.execute(delete(CurrentLabel).where(CurrentLabel.subtomogram_id == subtomogram_id))
        return
    session.execute(
        statements.STORE_LABEL,
        {
            "subtomogram": subtomogram_id,
            "project": project_id,
            "kind": winner.kind,
            "class_id": winner.class_id,
            "rule": RULE,
            "event": winner.event_id,
            "opinions": sum(each.kind != "skip" for each in opinions),
        },
    )
