"""The labels of a project by a rule that models its annotators: Dawid-Skene, or CROWDLAB where a model's outputs allow.

They hold for subtomograms that at least two people gave a class or called junk. A single opinion is not overruled, an
adjudicated word neither, and where half of the people or more are unsure, so is the label. Whatever is not more
probable than everything else together labels nothing: the label is unsure, and the item disputed.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from tomosift.consensus.crowdlab import FEWEST_ITEMS, crowdlab
from tomosift.consensus.dawid_skene import UNKNOWN, Opinions, dawid_skene
from tomosift.consensus.earlier_outputs import read_earlier_outputs
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.label_rule import MODEL_RULES, UNSURE, LabelRule, Value
from tomosift.kit.standing_labels import counted_opinions


@dataclass(frozen=True)
class ModelLabel:
    """A label with its probability, and the newest opinion that says it (of all, where none does)."""

    kind: str
    class_id: uuid.UUID | None
    rule: LabelRule
    event_id: int
    agreement: float
    confidence: float


@dataclass(frozen=True)
class _Item:
    """A subtomogram with its votes `(author, value, event_id)`; `settled` by an adjudicator."""

    id: int
    votes: Sequence[tuple[uuid.UUID, Value, int]]
    settled: Value | None


@dataclass(frozen=True)
class LabelState:
    """Of which moment the labels are: after this event, in this version of the class set, before this cycle."""

    up_to_event_id: int
    class_set_version: int
    before_cycle: int | None = None


def model_labels(
    session: Session, store: ArtifactStore, project_id: uuid.UUID, rule: LabelRule, state: LabelState
) -> dict[int, ModelLabel]:
    """The labels that the model of the annotators gives, by subtomogram. All others are those of rule "majority".

    The same `state` gives the same labels, whenever one looks. Empty for a rule without a model.
    """
    if rule not in MODEL_RULES:
        return {}
    items = [each for each in _items(session, project_id, state) if _is_modelled(each)]
    if not items:
        return {}
    values = sorted({vote[1] for item in items for vote in item.votes if vote[1] != UNSURE}, key=str)
    truth = _by_dawid_skene(items, values)
    rules: list[LabelRule] = ["dawid-skene"] * len(items)
    if rule == "crowdlab":
        for place, row in _by_crowdlab(session, store, project_id, items, values, state):
            truth[place], rules[place] = row, "crowdlab"
    return {
        item.id: _label(item, values, row, by)
        for item, row, by in zip(items, truth, rules, strict=True)
        if item.settled is None
    }


def _items(session: Session, project_id: uuid.UUID, state: LabelState) -> Iterator[_Item]:
    rows = session.execute(
        counted_opinions(
            project_id, up_to_event_id=state.up_to_event_id, class_set_version=state.class_set_version
        ).execution_options(yield_per=50_000)
    )
    for subtomogram_id, about in groupby(rows, key=lambda row: row.subtomogram_id):
        said = [row for row in about if not row.imported]
        words = [row for row in said if row.adjudicates]
        yield _Item(
            subtomogram_id,
            [(row.user_id, (row.kind, row.class_id), row.event_id) for row in said if not row.adjudicates],
            (words[-1].kind, words[-1].class_id) if words else None,
        )


def _is_modelled(item: _Item) -> bool:
    unsure = sum(value == UNSURE for _, value, _ in item.votes)
    return len(item.votes) - unsure >= 2 and 2 * unsure < len(item.votes)


def _numbered(items: Sequence[_Item], values: Sequence[Value]) -> Opinions:
    """The opinions of these items as numbers, in the same order whenever one looks."""
    number = {value: place for place, value in enumerate(values)}
    people: dict[uuid.UUID, int] = {}
    rows = [
        (place, people.setdefault(author, len(people)), number[value])
        for place, item in enumerate(items)
        for author, value, _ in item.votes
        if value in number
    ]
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return Opinions(columns[0], columns[1], columns[2])


def _by_dawid_skene(items: Sequence[_Item], values: Sequence[Value]) -> NDArray[np.float64]:
    number = {value: place for place, value in enumerate(values)}
    known = np.array([UNKNOWN if item.settled is None else number.get(item.settled, UNKNOWN) for item in items])
    return dawid_skene(_numbered(items, values), known.astype(np.int64), len(values)).truth


def _by_crowdlab(
    session: Session,
    store: ArtifactStore,
    project_id: uuid.UUID,
    items: Sequence[_Item],
    values: Sequence[Value],
    state: LabelState,
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Places of items with outputs of a model that had not seen them, and the probability of their consensus."""
    outputs = read_earlier_outputs(
        session,
        store,
        project_id,
        [item.id for item in items],
        values,
        up_to_event_id=state.up_to_event_id,
        before_cycle=state.before_cycle,
    )
    places = np.flatnonzero(np.isfinite(outputs).all(axis=1))
    if len(places) < FEWEST_ITEMS:
        return
    opinions = _numbered([items[place] for place in places.tolist()], values)
    found = crowdlab(opinions, outputs[places])
    for place, value, confidence in zip(places, found.values, found.confidence, strict=True):
        row = np.zeros(len(values))
        row[value] = confidence
        yield int(place), row


def _label(item: _Item, values: Sequence[Value], truth: NDArray[np.float64], rule: LabelRule) -> ModelLabel:
    best = int(truth.argmax())
    # Rounded, so that another order of the same sums decides nothing.
    confidence = round(float(truth[best]), 6)
    value = values[best] if confidence > 0.5 else UNSURE
    votes = Counter(said for _, said, _ in item.votes)
    saying = [event for _, said, event in item.votes if said == value]
    newest = max(saying or [event for _, _, event in item.votes])
    agreement = (votes[value] or max(votes.values())) / len(item.votes)
    return ModelLabel(value[0], value[1], rule, newest, agreement, confidence)
