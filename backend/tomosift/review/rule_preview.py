"""What another rule would make of the opinions that stand, before anybody sets it."""

import uuid
from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.annotation.schemas import LabelOut
from tomosift.consensus.model_labels import LabelState
from tomosift.consensus.project_labels import Label, ProjectLabels, id_ranges, stored_between
from tomosift.kit.label_rule import MODEL_RULES, LabelRule, Value, rule_of
from tomosift.review.schemas import LabelChange, LabelRulePreview
from tomosift.tables import EvaluationItem, LabelEvent, Project

MOST_CHANGES = 100


def preview_rule(session: Session, project_id: uuid.UUID, rule: LabelRule) -> LabelRulePreview:
    """Derive all labels by `rule` and compare them with those that count now. Nothing is written."""
    project = session.get_one(Project, project_id)
    newest = session.scalar(select(func.max(LabelEvent.id)).where(LabelEvent.project_id == project_id)) or 0
    labels = ProjectLabels(session, project_id, rule, LabelState(newest, project.class_set_version))
    sample = set(session.scalars(select(EvaluationItem.subtomogram_id).where(EvaluationItem.project_id == project_id)))
    changes: Counter[tuple[Value | None, Value | None]] = Counter()
    rules: Counter[str] = Counter()
    training_before = training_after = disputed = 0
    for first, last in id_ranges(session, project_id):
        before, after = stored_between(session, project_id, first, last), labels.between(session, first, last)
        changes.update((_value(before.get(each)), _value(after.get(each))) for each in before.keys() | after.keys())
        rules.update(label.rule for label in after.values())
        disputed += sum(label.is_disputed for label in after.values())
        training_before += _training(before, sample)
        training_after += _training(after, sample)
    differing = [(change, count) for change, count in changes.most_common() if change[0] != change[1]]
    return LabelRulePreview(
        rule=rule,
        now=rule_of(project.settings),
        labels=rules.total(),
        changed=sum(count for _, count in differing),
        training_labels_before=training_before,
        training_labels_after=training_after,
        disputed=disputed,
        by_rule=dict(rules),
        changes=[
            LabelChange(before=_label(before), after=_label(after), count=count)
            for (before, after), count in differing[:MOST_CHANGES]
        ],
        note=_note(rule, rules),
    )


def _training(labels: dict[int, Label], sample: set[int]) -> int:
    return sum(label.kind in ("class", "junk") and each not in sample for each, label in labels.items())


def _value(label: Label | None) -> Value | None:
    return None if label is None else (label.kind, label.class_id)


def _label(value: Value | None) -> LabelOut | None:
    return None if value is None else LabelOut.model_validate({"kind": value[0], "class_id": value[1]})


def _note(rule: LabelRule, rules: Counter[str]) -> str | None:
    if rule not in MODEL_RULES or rules[rule]:
        return None
    if rules["dawid-skene"]:
        return (
            "No model's outputs from before enough of the opinions are there, so Dawid-Skene decides instead; the "
            "evaluation sample is always left to it."
        )
    return "No subtomogram has a class or junk from two people yet, so every label is the single opinion there is."
