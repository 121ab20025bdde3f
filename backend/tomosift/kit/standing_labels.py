"""The labels of many subtomograms at once, in SQL: by the rule of `label_rule`, now or as of an earlier event."""

import uuid
from typing import Any

from sqlalchemy import (
    REAL,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from tomosift.kit.class_meanings import counted_class, counts_for_something
from tomosift.kit.label_rule import ADJUDICATED, SINGLE, LabelRule, rule_at_once
from tomosift.tables import CurrentLabel, LabelEvent, User

NO_OPINION = ("undo", "comment")
"""Kinds of events that say nothing about what a subtomogram is."""
COLUMNS = (
    "subtomogram_id",
    "project_id",
    "kind",
    "class_id",
    "rule",
    "event_id",
    "opinion_count",
    "agreement",
    "is_disputed",
)
OPINION_COLUMNS = ("subtomogram_id", "user_id", "kind", "class_id", "event_id", "imported", "adjudicates")


def spoken_by_importer() -> ColumnElement[bool]:
    """Whether a `label_event` came with a file: it speaks in the name of an importer, who is no person."""
    return LabelEvent.user_id.in_(select(User.id).where(User.kind == "importer"))


def adjudicates() -> ColumnElement[bool]:
    """Whether a `label_event` is the word of an adjudicator."""
    return and_(LabelEvent.work == "adjudication", LabelEvent.kind != "skip")


def snapshot_lock(project_id: uuid.UUID) -> str:
    """Name of the advisory lock that makes a snapshot of the labels sharp.

    Whoever writes a label event holds it shared from before the event's id is drawn until the commit; a launch holds it
    exclusively while it reads the highest id. So no event at or below the snapshot can appear after it.
    """
    return f"label-snapshot:{project_id}"


def newest_event(session: Session, project_id: uuid.UUID) -> int:
    """Id of the project's newest event, sharply: none at or below it can appear later. 0 where there is none.

    Waits for events being written, and keeps others out until the caller's transaction ends.
    """
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    session.execute(lock, {"name": snapshot_lock(project_id)})
    return session.scalar(select(func.max(LabelEvent.id)).where(LabelEvent.project_id == project_id)) or 0


def standing_opinions(
    project_id: uuid.UUID | BindParameter[Any],
    *,
    up_to_event_id: int | None = None,
    class_set_version: int | None = None,
) -> Select[Any]:
    """All opinions of a project that nobody has undone and whose class is not retired, as rows of `label_event`.

    `up_to_event_id` shows the state after that event: later opinions and later undos are as if they had not been.
    `class_set_version` shows the class set of that version.
    """
    return _standing(up_to_event_id, class_set_version).where(LabelEvent.project_id == project_id)


def _standing(up_to_event_id: int | None = None, class_set_version: int | None = None) -> Select[Any]:
    undo = aliased(LabelEvent)
    undone = exists().where(undo.undoes_event_id == LabelEvent.id)
    if up_to_event_id is not None:
        undone = undone.where(undo.id <= up_to_event_id)
    statement = select(LabelEvent).where(
        LabelEvent.kind.not_in(NO_OPINION), ~undone, counts_for_something(class_set_version)
    )
    return statement if up_to_event_id is None else statement.where(LabelEvent.id <= up_to_event_id)


def standing_labels(
    project_id: uuid.UUID,
    rule: LabelRule = SINGLE,
    *,
    up_to_event_id: int | None = None,
    class_set_version: int | None = None,
    between: tuple[int, int] | None = None,
    apart_from: Select[tuple[int]] | None = None,
) -> Select[Any]:
    """The label of each subtomogram (of ids `between` two, `apart_from` some): rows of `COLUMNS`, in the ids' order.

    Give `up_to_event_id` (a cycle's `label_snapshot_event_id`) to read the same labels however late one looks.
    """
    opinions = standing_opinions(project_id, up_to_event_id=up_to_event_id, class_set_version=class_set_version)
    if between is not None:
        opinions = opinions.where(LabelEvent.subtomogram_id.between(*between))
    if apart_from is not None:
        opinions = opinions.where(LabelEvent.subtomogram_id.not_in(apart_from))
    derived = _derived(opinions, rule, class_set_version).subquery()
    columns = [literal(project_id).label(name) if name == "project_id" else derived.c[name] for name in COLUMNS]
    return select(*columns).order_by(derived.c.subtomogram_id)


def store_labels(
    session: Session, project_id: uuid.UUID, subtomogram_ids: Select[Any], rule: LabelRule = SINGLE
) -> None:
    """Derive and store the labels of many subtomograms at once, where an opinion stands.

    `subtomogram_ids` selects one column. The caller holds the rows of these subtomograms locked.
    """
    ids = subtomogram_ids.cte("ids")
    # One look-up a subtomogram, by that alone: while many events are written, statistics are old, and a join or a
    # second condition would be planned on them. The column is named, for SQLAlchemy does not correlate so far down.
    of_one = LabelEvent.subtomogram_id == literal_column(f"ids.{ids.c[0].name}")
    label = _derived(_standing().where(of_one), rule).lateral("label")
    columns = [literal(project_id) if name == "project_id" else label.c[name] for name in COLUMNS]
    statement = insert(CurrentLabel).from_select(COLUMNS, select(*columns).select_from(ids.join(label, true())))
    new = {name: statement.excluded[name] for name in COLUMNS[2:]} | {"confidence": null(), "updated_at": func.now()}
    session.execute(statement.on_conflict_do_update(index_elements=["subtomogram_id"], set_=new))


def drop_unspoken_labels(session: Session, subtomogram_ids: Select[Any]) -> None:
    """Delete the labels of those subtomograms of which no opinion stands any more; for locks see `store_labels`."""
    ids = subtomogram_ids.cte("ids")
    one = _standing().where(LabelEvent.subtomogram_id == ids.c[0]).with_only_columns(LabelEvent.id).limit(1)
    opinion = one.lateral("opinion")
    unspoken = select(ids.c[0]).select_from(ids.outerjoin(opinion, true())).where(opinion.c.id.is_(None))
    session.execute(
        delete(CurrentLabel).where(CurrentLabel.subtomogram_id.in_(unspoken)),
        execution_options={"synchronize_session": False},
    )


def counted_opinions(
    project_id: uuid.UUID, *, up_to_event_id: int | None = None, class_set_version: int | None = None
) -> Select[Any]:
    """The opinions that count, one of each person: rows `(subtomogram_id, user_id, kind, class_id, event_id, imported,
    adjudicates)` in the order of the ids and the events."""
    opinions = standing_opinions(project_id, up_to_event_id=up_to_event_id, class_set_version=class_set_version)
    heard = _heard(opinions, class_set_version)
    return (
        select(*(heard.c[name] for name in OPINION_COLUMNS))
        .where(or_(heard.c.votes, heard.c.adjudicates))
        .order_by(heard.c.subtomogram_id, heard.c.event_id)
    )


def _heard(opinions: Select[Any], class_set_version: int | None) -> Subquery:
    """Of what each person said the one opinion that counts, whether it is a vote, and the adjudicators' words."""
    said = opinions.with_only_columns(
        LabelEvent.subtomogram_id,
        LabelEvent.user_id,
        LabelEvent.id.label("event_id"),
        LabelEvent.kind,
        counted_class(class_set_version).label("class_id"),
        LabelEvent.late,
        spoken_by_importer().label("imported"),
        adjudicates().label("adjudicates"),
        func.row_number()
        .over(
            partition_by=(LabelEvent.subtomogram_id, LabelEvent.user_id, adjudicates()),
            order_by=(LabelEvent.kind == "skip", LabelEvent.late, LabelEvent.id.desc()),
        )
        .label("place_with_author"),
    ).subquery()
    speaks = and_(said.c.kind != "skip", ~said.c.adjudicates)
    a_person = func.bool_or(and_(speaks, ~said.c.imported)).over(partition_by=said.c.subtomogram_id)
    return (
        select(said, and_(speaks, or_(~said.c.imported, ~a_person)).label("votes"))
        .where(or_(said.c.place_with_author == 1, said.c.adjudicates))
        .subquery()
    )


def _derived(opinions: Select[Any], rule: LabelRule, class_set_version: int | None = None) -> Select[Any]:
    """The labels that these opinions make; `label_rule.derive_label` in SQL."""
    rule = rule_at_once(rule)
    heard = _heard(opinions, class_set_version)
    item, value = heard.c.subtomogram_id, (heard.c.subtomogram_id, heard.c.kind, heard.c.class_id)
    vote = cast(heard.c.votes, Integer)
    counted = select(
        heard,
        func.sum(vote).over(partition_by=item).label("voters"),
        func.sum(vote).over(partition_by=value).label("same"),
    ).subquery()
    item = counted.c.subtomogram_id
    most = func.max(case((counted.c.votes, counted.c.same), else_=0)).over(partition_by=item)
    ranked = select(counted, most.label("most")).subquery()
    item = ranked.c.subtomogram_id
    leads = and_(ranked.c.votes, ranked.c.same == ranked.c.most)
    preference = (
        (and_(~ranked.c.adjudicates, ranked.c.late), ranked.c.event_id.desc())
        if rule == SINGLE
        else (leads.desc(), and_(~ranked.c.votes, ranked.c.late), ranked.c.event_id.desc())
    )
    winner = select(
        ranked,
        func.sum(cast(leads, Integer)).over(partition_by=item).label("leading"),
        func.row_number()
        .over(partition_by=item, order_by=(ranked.c.adjudicates.desc(), ranked.c.votes.desc(), *preference))
        .label("place"),
    ).subquery()
    tied = (
        false()
        if rule == SINGLE
        else and_(~winner.c.adjudicates, winner.c.voters > 0, winner.c.leading > winner.c.most)
    )
    return select(
        winner.c.subtomogram_id,
        case((tied, "unsure"), else_=winner.c.kind).label("kind"),
        case((~tied, winner.c.class_id)).label("class_id"),
        case((winner.c.adjudicates, ADJUDICATED), else_=rule).label("rule"),
        winner.c.event_id,
        (winner.c.voters + cast(winner.c.adjudicates, Integer)).label("opinion_count"),
        (cast(winner.c.same, REAL) / func.nullif(winner.c.voters, 0)).label("agreement"),
        and_(~winner.c.adjudicates, winner.c.voters > winner.c.most).label("is_disputed"),
    ).where(winner.c.place == 1)
