"""All labels of a project, derived from its events: what `current_label` has to hold."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.consensus.model_labels import LabelState, ModelLabel, model_labels
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.label_jobs import LABELS_JOB
from tomosift.kit.label_rule import LabelRule, rule_of
from tomosift.kit.settings import get_settings
from tomosift.kit.standing_labels import standing_labels
from tomosift.tables import CurrentLabel, Job, LabelEvent, Project, Subtomogram

IDS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class Label:
    """A row of `current_label`."""

    kind: str
    class_id: uuid.UUID | None
    rule: str
    event_id: int
    opinion_count: int
    agreement: float | None
    confidence: float | None
    is_disputed: bool

    @classmethod
    def of(cls, row: Any, confidence: float | None = None) -> "Label":
        """What a row of `standing_labels` or of the table says."""
        return cls(
            row.kind,
            row.class_id,
            row.rule,
            row.event_id,
            row.opinion_count,
            _kept(row.agreement),
            _kept(confidence),
            row.is_disputed,
        )

    def by_model(self, label: ModelLabel) -> "Label":
        """The same, where a model of the annotators decides."""
        return replace(
            self,
            kind=label.kind,
            class_id=label.class_id,
            rule=label.rule,
            event_id=label.event_id,
            agreement=_kept(label.agreement),
            confidence=_kept(label.confidence),
        )


class ProjectLabels:
    """The labels of a project by a rule, as of one moment; the model of its annotators is fitted once."""

    def __init__(self, session: Session, project_id: uuid.UUID, rule: LabelRule, state: LabelState) -> None:
        self._project_id, self._rule, self._state = project_id, rule, state
        store = ArtifactStore(get_settings().effective_store_url)
        self._modelled = model_labels(session, store, project_id, rule, state)

    def between(self, session: Session, first: int, last: int) -> dict[int, Label]:
        """The labels of subtomograms with these ids, by id."""
        modelled = self._modelled.between(first, last)
        return {
            each: label.by_model(modelled[each]) if each in modelled else label
            for each, label in self.without_model(session, first, last).items()
        }

    def without_model(self, session: Session, first: int, last: int) -> dict[int, Label]:
        """The same labels until the model of the annotators is fitted."""
        rows = session.execute(
            standing_labels(
                self._project_id,
                self._rule,
                up_to_event_id=self._state.up_to_event_id,
                class_set_version=self._state.class_set_version,
                between=(first, last),
            )
        )
        return {row.subtomogram_id: Label.of(row) for row in rows}


def id_ranges(session: Session, project_id: uuid.UUID) -> Iterator[tuple[int, int]]:
    """Ranges of ids that hold the project's subtomograms, IDS_AT_A_TIME wide."""
    first, last = session.execute(
        select(func.min(Subtomogram.id), func.max(Subtomogram.id)).where(Subtomogram.project_id == project_id)
    ).one()
    if first is not None:
        for start in range(first, last + 1, IDS_AT_A_TIME):
            yield start, min(start + IDS_AT_A_TIME - 1, last)


def stored_between(session: Session, project_id: uuid.UUID, first: int, last: int) -> dict[int, Label]:
    """What the table holds."""
    rows = session.scalars(
        select(CurrentLabel).where(
            CurrentLabel.project_id == project_id, CurrentLabel.subtomogram_id.between(first, last)
        )
    )
    return {row.subtomogram_id: Label.of(row, row.confidence) for row in rows}


def labels_agree(session: Session, project_id: uuid.UUID) -> bool:
    """Whether the stored labels are those that the events make. Nobody may be writing events meanwhile.

    While a job that works out a model's labels is waiting or at work, those of before it are right as well.
    """
    return not disagreeing_labels(session, project_id)


def disagreeing_labels(session: Session, project_id: uuid.UUID) -> list[int]:
    """Subtomograms whose stored label is not the one their events make."""
    project = session.get_one(Project, project_id)
    newest = session.scalar(select(func.max(LabelEvent.id)).where(LabelEvent.project_id == project_id)) or 0
    state = LabelState(newest, project.class_set_version)
    labels = ProjectLabels(session, project_id, rule_of(project.settings), state)
    is_pending = select(Job.id).where(
        Job.project_id == project_id, Job.kind == LABELS_JOB, Job.state.in_(("queued", "running"))
    )
    pending = session.scalar(is_pending.limit(1)) is not None
    wrong = []
    for first, last in id_ranges(session, project_id):
        stored, expected = stored_between(session, project_id, first, last), labels.between(session, first, last)
        before = labels.without_model(session, first, last) if pending else expected
        wrong += [
            each
            for each in stored.keys() | expected.keys()
            if stored.get(each) not in (expected.get(each), before.get(each))
        ]
    return sorted(wrong)


def _kept(share: float | None) -> float | None:
    """A share as the table keeps it, in four bytes."""
    return None if share is None else float(np.float32(share))
