"""What another rule would make of the opinions that stand, before anybody sets it."""

import uuid
from collections import Counter
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from tomosift.annotation.schemas import LabelOut
from tomosift.consensus.model_labels import LabelState, ModelLabels, model_labels
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.label_rule import MODEL_RULES, LabelRule, Value, rule_of
from tomosift.kit.settings import get_settings
from tomosift.kit.standing_labels import standing_labels
from tomosift.review.schemas import LabelChange, LabelRulePreview
from tomosift.tables import CurrentLabel, EvaluationItem, LabelEvent, Project

MOST_CHANGES = 100


def preview_rule(session: Session, project_id: uuid.UUID, rule: LabelRule) -> LabelRulePreview:
    """Derive all labels by `rule` and compare them with those that count now. Nothing is written."""
    project = session.get_one(Project, project_id)
    newest = session.scalar(select(func.max(LabelEvent.id)).where(LabelEvent.project_id == project_id)) or 0
    state = LabelState(newest, project.class_set_version)
    modelled = model_labels(session, ArtifactStore(get_settings().effective_store_url), project_id, rule, state)
    groups = session.execute(_compared(project_id, rule, state), _columns(modelled)).all()
    changes: Counter[tuple[Value | None, Value | None]] = Counter()
    rules: Counter[str] = Counter()
    taught = 0
    for group in groups:
        after, by = _value(group.kind_after, group.class_after), group.rule_after
        if group.said is not None:
            after, by = modelled.values[group.said], modelled.rules[group.by_rule]
        changes[_value(group.kind_before, group.class_before), after] += group.n
        if after is not None:
            rules[by] += group.n
            taught += group.n * _teaches(after[0], group.is_sampled)
    differing = [(change, count) for change, count in changes.most_common() if change[0] != change[1]]
    return LabelRulePreview(
        rule=rule,
        now=rule_of(project.settings),
        labels=rules.total(),
        changed=sum(count for _, count in differing),
        training_labels_before=sum(each.n for each in groups if _teaches(each.kind_before, each.is_sampled)),
        training_labels_after=taught,
        disputed=sum(each.n for each in groups if each.disputed_after),
        by_rule=dict(rules),
        changes=[
            LabelChange(before=_label(before), after=_label(after), count=count)
            for (before, after), count in differing[:MOST_CHANGES]
        ],
        note=_note(rule, rules),
    )


def _compared(project_id: uuid.UUID, rule: LabelRule, state: LabelState) -> Select[Any]:
    """How many subtomograms `n` have which label before and after. Counted by the database, for there may be many; what
    a model of the annotators decides is not derived there a second time."""
    before = select(CurrentLabel).where(CurrentLabel.project_id == project_id).subquery("before")
    modelled = select(*(_unlisted(name, kind) for name, kind in _COLUMNS.items())).cte("modelled")
    others = standing_labels(
        project_id,
        rule,
        up_to_event_id=state.up_to_event_id,
        class_set_version=state.class_set_version,
        apart_from=select(modelled.c.item_id),
    )
    other = others.order_by(None).subquery()
    of_others = select(
        other.c.subtomogram_id, other.c.kind, other.c.class_id, other.c.rule, other.c.is_disputed, null(), null()
    )
    nothing = cast(null(), Text), cast(null(), Uuid), cast(null(), Text)
    by_model = select(
        modelled.c.item_id.label("subtomogram_id"),
        *(each.label(name) for each, name in zip(nothing, ("kind", "class_id", "rule"), strict=True)),
        cast(modelled.c.is_disputed, Boolean).label("is_disputed"),
        modelled.c.said,
        modelled.c.by_rule,
    )
    after = union_all(by_model, of_others).subquery("after")
    groups = (
        before.c.kind.label("kind_before"),
        before.c.class_id.label("class_before"),
        after.c.kind.label("kind_after"),
        after.c.class_id.label("class_after"),
        after.c.rule.label("rule_after"),
        after.c.said,
        after.c.by_rule,
        func.coalesce(after.c.is_disputed, False).label("disputed_after"),
        EvaluationItem.subtomogram_id.is_not(None).label("is_sampled"),
    )
    item = func.coalesce(before.c.subtomogram_id, after.c.subtomogram_id)
    return (
        select(*groups, func.count().label("n"))
        .select_from(before.join(after, before.c.subtomogram_id == after.c.subtomogram_id, full=True))
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == item)
        .group_by(*groups)
    )


_COLUMNS: dict[str, Any] = {"item_id": BigInteger, "said": Integer, "by_rule": Integer, "is_disputed": Integer}
"""What is told to the database of the labels by a model of the annotators: numbers, which say what `ModelLabels` do."""


def _unlisted(name: str, kind: Any) -> ColumnElement[Any]:
    """The numbers in a text with commas: as an array the driver would look at each of a hundred thousand."""
    listed = bindparam(name, type_=Text)
    return func.unnest(cast(func.string_to_array(listed, ","), ARRAY(kind))).label(name)


def _columns(modelled: ModelLabels) -> dict[str, str]:
    columns = {
        "item_id": modelled.ids,
        "said": modelled.said,
        "by_rule": modelled.by,
        "is_disputed": modelled.is_disputed * 1,
    }
    return {name: ",".join(map(str, column.tolist())) for name, column in columns.items()}


def _teaches(kind: str | None, is_sampled: bool) -> bool:
    return kind in ("class", "junk") and not is_sampled


def _value(kind: str | None, class_id: uuid.UUID | None) -> Value | None:
    return None if kind is None else (kind, class_id)


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
