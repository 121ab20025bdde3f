"""The order of the gallery: which subtomograms pass its filters, as (value, id) pairs that pages are cut from.

Only the tables that a view needs are joined, so that a page reads little more than it shows. Items of the evaluation
sample that nobody may know of pass no filter by label or prediction, as `shown_labels` says.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    ColumnElement,
    Select,
    and_,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session, aliased, join

from tomosift.kit.database import plan_for_these_values
from tomosift.pool.served_predictions import Said, ServedPredictions
from tomosift.pool.subtomograms import LabelFilter
from tomosift.projects.shown_labels import Reader, read_hidden, read_undecided
from tomosift.tables import CurrentLabel, LabelEvent, Prediction, QueueItem, Subtomogram, UnlabeledSubtomogram

Sort = Literal["place", "score", "confidence", "unlike", "decided"]
Key = tuple[float | None, int]
"""What an item is sorted by (None for its place in the pool) and its id."""
MOST_COUNTED = 100_000
"""A filtered view is counted so far: more would make people wait for a number they cannot use."""
MOST_FETCHED = 2000
"""A tomogram of at most so many particles is read whole for each page of an order by value."""

_OF_PREDICTION: dict[str, Any] = {
    "score": Prediction.score,
    "confidence": Prediction.confidence,
    "unlike": Prediction.unlike,
}


@dataclass(frozen=True)
class GalleryView:
    """What to show in which order. `disagrees`: label and prediction are both there and differ; `batch` is a cycle's
    number; `annotator` leaves what this person has decided; `ids` leaves these subtomograms."""

    sort: Sort = "place"
    descending: bool = False
    label: LabelFilter | None = None
    predicted: Said | None = None
    confidence_min: float | None = None
    confidence_max: float | None = None
    tomogram: str | None = None
    annotator: uuid.UUID | None = None
    disagrees: bool = False
    batch: int | None = None
    ids: tuple[int, ...] | None = None

    @property
    def has_filter(self) -> bool:
        """Whether it leaves anything of the pool out."""
        filters = [getattr(self, each.name) for each in fields(self) if each.name not in ("sort", "descending")]
        return any(each not in (None, False) for each in filters) or self.needs_prediction or self.needs_label

    @property
    def needs_prediction(self) -> bool:
        """Whether only items with a prediction that may be shown can be in it."""
        bounds = (self.predicted, self.confidence_min, self.confidence_max)
        return self.sort in _OF_PREDICTION or self.disagrees or any(each is not None for each in bounds)

    @property
    def needs_label(self) -> bool:
        """Whether only items with a label that may be shown can be in it."""
        of_a_kind = self.label is not None and self.label.kind is not None
        return self.sort == "decided" or self.disagrees or self.annotator is not None or of_a_kind


@dataclass(frozen=True)
class _Branch:
    """A statement of items that pass: its rows are `value`, `item`, in no order yet."""

    statement: Select[Any]
    value: ColumnElement[Any] | None
    item: ColumnElement[int]


def gallery_keys(
    session: Session,
    reader: Reader,
    served: ServedPredictions | None,
    view: GalleryView,
    *,
    limit: int,
    after: Key | None = None,
    rank: int = 0,
) -> Sequence[Key]:
    """Up to `limit` keys in the view's order: those after `after`, or from the place `rank` on (counted from 0)."""
    parts = [
        _in_order(branch.statement.where(_beyond(view, branch, after)) if after else branch.statement, view, branch)
        .limit(rank + limit)
        .subquery()
        for branch in _branches(session, reader, served, view, _walks(session, reader, view))
    ]
    if not parts:
        return []
    rows = union_all(*(select(part.c.value, part.c.item) for part in parts)).subquery()
    order = [rows.c.item] if view.sort == "place" else [rows.c.value, rows.c.item]
    statement = select(rows.c.value, rows.c.item).order_by(*(_directed(each, view) for each in order))
    return [(row.value, row.item) for row in session.execute(statement.offset(rank).limit(limit))]


def count_items(
    session: Session, reader: Reader, served: ServedPredictions | None, view: GalleryView, *, most: int | None
) -> int:
    """How many items pass; counting ends one beyond `most`."""
    return _count(session, [each.statement for each in _branches(session, reader, served, view)], most)


def count_before(
    session: Session, reader: Reader, served: ServedPredictions | None, view: GalleryView, value: float
) -> int:
    """How many items come before the first one with this value of what the view is sorted by: its rank."""
    statements = []
    for each in _branches(session, reader, served, view):
        assert each.value is not None  # a view with values
        earlier = each.value > _real(value) if view.descending else each.value < _real(value)
        statements.append(each.statement.where(earlier))
    return _count(session, statements, None)


def _count(session: Session, statements: Sequence[Select[Any]], most: int | None) -> int:
    total = 0
    for statement in statements:
        rows = statement if most is None else statement.limit(most + 1)
        total += session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    return total


def _branches(
    session: Session, reader: Reader, served: ServedPredictions | None, view: GalleryView, walks: bool = False
) -> list[_Branch]:
    """The statements whose rows together are the view; none where nothing can be in it.

    The unlabeled are those that have no label, and those with one that the reader may not see: two short lists where
    one with an outer join would pass over every labeled item.
    """
    if view.needs_prediction and (served is None or not served.has_rows):
        return []
    plan_for_these_values(session)
    of_unlabeled = view.label is not None and view.label.kind is None
    if of_unlabeled and view.needs_label:
        return []
    hidden = read_hidden(session, reader) if of_unlabeled or view.needs_label else frozenset()
    undecided = read_undecided(session, reader) if view.needs_prediction else frozenset()
    if not of_unlabeled:
        return [_branch(reader, served, view, walks, _Left(hidden, undecided))]
    without = _branch(reader, served, view, walks, _Left(hidden, undecided), "without")
    passing = _Left(hidden - undecided)
    return [without, _branch(reader, served, view, walks, passing, "hidden")] if passing.hidden else [without]


@dataclass(frozen=True)
class _Left:
    """Items with a label, and items with a prediction, that the reader must not know of."""

    hidden: frozenset[int] = frozenset()
    undecided: frozenset[int] = frozenset()


def _branch(
    reader: Reader,
    served: ServedPredictions | None,
    view: GalleryView,
    walks: bool,
    left: _Left,
    unlabeled: Literal["without", "hidden"] | None = None,
) -> _Branch:
    source: Any = None
    item: Any = None
    conditions: list[ColumnElement[bool]] = []

    def take(table: Any, column: Any, *more: ColumnElement[bool]) -> None:
        nonlocal source, item
        source = table if source is None else join(source, table, column == item)
        item = column if item is None else item
        conditions.extend(more)

    if unlabeled == "without":
        of_project = UnlabeledSubtomogram.project_id == reader.project_id
        take(UnlabeledSubtomogram, UnlabeledSubtomogram.subtomogram_id, of_project)
    elif unlabeled == "hidden":
        hidden = _listed(left.hidden).subquery()
        take(hidden, hidden.c.subtomogram_id)
    if view.needs_label:
        take(CurrentLabel, CurrentLabel.subtomogram_id, CurrentLabel.project_id == reader.project_id)
        if left.hidden:
            conditions.append(CurrentLabel.subtomogram_id.not_in(_listed(left.hidden)))
        conditions += _label_conditions(view)
    if view.needs_prediction:
        assert served is not None  # else there are no branches
        take(Prediction, Prediction.subtomogram_id, Prediction.cycle_id == served.cycle_id)
        if left.undecided:
            conditions.append(Prediction.subtomogram_id.not_in(_listed(left.undecided)))
        conditions += _prediction_conditions(served, view)
    if source is None or (view.tomogram is not None and not walks):
        take(Subtomogram, Subtomogram.id, Subtomogram.project_id == reader.project_id)
        if view.tomogram is not None:
            conditions.append(Subtomogram.tomogram == view.tomogram)
    elif view.tomogram is not None:
        conditions.append(item.in_(_of_tomogram(reader, view).correlate(None)).is_(true()))
    conditions += _item_conditions(reader, view, item)
    if view.sort in _OF_PREDICTION:
        item = Prediction.subtomogram_id  # value and id of one table: its index has them in order
    value = _value(view)
    shown = cast(literal(None), REAL) if value is None else value
    statement = select(shown.label("value"), item.label("item")).select_from(source)
    return _Branch(statement.where(*conditions), value, item)


def _listed(ids: Collection[int]) -> Select[Any]:
    """As a select, which Postgres hashes; a long list of values it would look through for each row."""
    given = literal(sorted(ids), ARRAY(BigInteger))
    return select(func.unnest(given).label("subtomogram_id")).correlate(None)


def _of_tomogram(reader: Reader, view: GalleryView) -> Select[Any]:
    return select(Subtomogram.id).where(
        Subtomogram.project_id == reader.project_id, Subtomogram.tomogram == view.tomogram
    )


def _walks(session: Session, reader: Reader, view: GalleryView) -> bool:
    """Whether the tomogram asked for has so many particles that a page walks along the order and passes over others.

    "IS TRUE" then keeps their ids a hashed list, where Postgres would make a join of them and look up each particle on
    its way. Of a small one it had better fetch all particles and sort them.
    """
    if view.tomogram is None:
        return False
    some = _of_tomogram(reader, view).limit(MOST_FETCHED + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > MOST_FETCHED


def _value(view: GalleryView) -> Any:
    return CurrentLabel.event_id if view.sort == "decided" else _OF_PREDICTION.get(view.sort)


def _label_conditions(view: GalleryView) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if view.label is not None:
        conditions.append(CurrentLabel.kind == view.label.kind)
        if view.label.class_id is not None:
            conditions.append(CurrentLabel.class_id == view.label.class_id)
    return conditions


def _prediction_conditions(served: ServedPredictions, view: GalleryView) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if view.sort in ("score", "unlike"):
        conditions.append(_OF_PREDICTION[view.sort].is_not(None))
    if view.predicted is not None:
        conditions.append(Prediction.output.in_(served.outputs_for(view.predicted)))
    if view.confidence_min is not None:
        conditions.append(Prediction.confidence >= _real(view.confidence_min))
    if view.confidence_max is not None:
        conditions.append(Prediction.confidence <= _real(view.confidence_max))
    if view.disagrees:
        agree = [
            and_(
                CurrentLabel.kind == said.kind,
                Prediction.output.in_(served.outputs_for(said)),
                *([CurrentLabel.class_id == said.class_id] if said.class_id is not None else []),
            )
            for said in {each for each in served.said if each is not None}
        ]
        conditions += [CurrentLabel.kind.in_(("class", "junk")), Prediction.output.in_(served.counted_outputs())]
        conditions.append(not_(or_(*agree)))
    return conditions


def _item_conditions(reader: Reader, view: GalleryView, item: Any) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if view.ids is not None:
        conditions.append(item.in_(view.ids))
    if view.batch is not None:
        picked = select(QueueItem.subtomogram_id).where(
            QueueItem.project_id == reader.project_id, QueueItem.batch == view.batch, QueueItem.work == "query"
        )
        conditions.append(item.in_(picked.correlate(None)))
    if view.annotator is not None:
        undo = aliased(LabelEvent)
        spoken = select(LabelEvent.subtomogram_id).where(
            LabelEvent.project_id == reader.project_id,
            LabelEvent.user_id == view.annotator,
            LabelEvent.kind.not_in(("undo", "comment", "skip")),
            not_(exists().where(undo.undoes_event_id == LabelEvent.id)),
        )
        conditions.append(item.in_(spoken.correlate(None)))
    return conditions


def _in_order(statement: Select[Any], view: GalleryView, branch: _Branch) -> Select[Any]:
    by_value = branch.value is not None and view.sort in _OF_PREDICTION
    columns: list[Any] = [branch.value, branch.item] if by_value else [_single(branch)]
    return statement.order_by(*(_directed(each, view) for each in columns))


def _single(branch: _Branch) -> ColumnElement[Any]:
    """What orders a view whose values are all different."""
    return branch.item if branch.value is None else branch.value


def _directed(column: ColumnElement[Any], view: GalleryView) -> ColumnElement[Any]:
    return column.desc() if view.descending else column.asc()


def _beyond(view: GalleryView, branch: _Branch, after: Key) -> ColumnElement[bool]:
    value, item = after
    if view.sort in _OF_PREDICTION and value is not None and branch.value is not None:
        mine, other = tuple_(branch.value, branch.item), tuple_(_real(value), literal(item, BigInteger))
        return mine < other if view.descending else mine > other
    bound = literal(item if value is None else int(value), BigInteger)
    return _single(branch) < bound if view.descending else _single(branch) > bound


def _real(value: float) -> ColumnElement[float]:
    """As the column has it: compared as a double, a value read from it would not be equal to itself."""
    return cast(literal(value), REAL)
