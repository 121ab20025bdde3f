"""The labels of a project by a rule that models its annotators: Dawid-Skene, or CROWDLAB where a model's outputs allow.

They hold for subtomograms that at least two people gave a class or called junk. A single opinion is not overruled, an
adjudicated word neither, and where half of the people or more are unsure, so is the label. Whatever is not more
probable than everything else together labels nothing: the label is unsure, and the item disputed.
"""

import uuid
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from tomosift.consensus.crowdlab import FEWEST_ITEMS, crowdlab
from tomosift.consensus.dawid_skene import dawid_skene
from tomosift.consensus.earlier_outputs import read_earlier_outputs
from tomosift.consensus.votes import Votes, read_votes
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.label_rule import MODEL_RULES, UNSURE, LabelRule, Value


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
class LabelState:
    """Of which moment the labels are: after this event, in this version of the class set, before this cycle."""

    up_to_event_id: int
    class_set_version: int
    before_cycle: int | None = None


@dataclass(frozen=True)
class ModelLabels:
    """The labels of n subtomograms, whose `ids` `(n,)` ascend, as columns `(n,)` that mean what `ModelLabel` says.

    `said` numbers `values` (of which the last is unsure), `by` the `rules`; `is_disputed` where people differ.
    """

    values: list[Value]
    rules: tuple[LabelRule, ...]
    ids: NDArray[np.int64]
    said: NDArray[np.int64]
    by: NDArray[np.int64]
    event_ids: NDArray[np.int64]
    agreement: NDArray[np.float64]
    confidence: NDArray[np.float64]
    is_disputed: NDArray[np.bool_]

    def between(self, first: int, last: int) -> dict[int, ModelLabel]:
        """Those of subtomograms with these ids, by id."""
        part = slice(*np.searchsorted(self.ids, [first, last + 1]))
        numbers = (self.said, self.by, self.event_ids, self.agreement, self.confidence)
        rows = zip(*(column[part].tolist() for column in numbers), strict=True)
        labels = (
            ModelLabel(self.values[said][0], self.values[said][1], self.rules[by], event_id, agreement, confidence)
            for said, by, event_id, agreement, confidence in rows
        )
        return dict(zip(self.ids[part].tolist(), labels, strict=True))


_NONE = ModelLabels([UNSURE], MODEL_RULES, *(np.empty(0, np.int64),) * 4, *(np.empty(0),) * 2, np.empty(0, np.bool_))


def model_labels(
    session: Session, store: ArtifactStore, project_id: uuid.UUID, rule: LabelRule, state: LabelState
) -> ModelLabels:
    """The labels that the model of the annotators gives. All others are those of rule "majority".

    The same `state` gives the same labels, whenever one looks. None for a rule without a model.
    """
    if rule not in MODEL_RULES:
        return _NONE
    votes = read_votes(
        session, project_id, up_to_event_id=state.up_to_event_id, class_set_version=state.class_set_version
    )
    if not len(votes.ids):
        return _NONE
    by = np.full(len(votes.ids), MODEL_RULES.index("dawid-skene"))
    truth = dawid_skene(votes.opinions(np.ones(len(votes.ids), np.bool_)), votes.settled, len(votes.values)).truth
    if rule == "crowdlab":
        _decide_by_crowdlab(session, store, project_id, votes, state, truth, by)
    return _labels(votes, truth, by)


def _decide_by_crowdlab(
    session: Session,
    store: ArtifactStore,
    project_id: uuid.UUID,
    votes: Votes,
    state: LabelState,
    truth: NDArray[np.float64],
    by: NDArray[np.int64],
) -> None:
    """Put the probability of the consensus into `truth` `(n, K)`, and the rule into `by` `(n,)`, of items that a model
    had outputs for before it saw their labels."""
    outputs = read_earlier_outputs(
        session,
        store,
        project_id,
        votes.ids.tolist(),
        votes.values,
        up_to_event_id=state.up_to_event_id,
        before_cycle=state.before_cycle,
    )
    seen = np.asarray(np.isfinite(outputs).all(axis=1))
    if seen.sum() < FEWEST_ITEMS:
        return
    found = crowdlab(votes.opinions(seen), outputs[seen])
    places = np.flatnonzero(seen)
    truth[places] = 0.0
    truth[places, found.values] = found.confidence
    by[places] = MODEL_RULES.index("crowdlab")


def _labels(votes: Votes, truth: NDArray[np.float64], by: NDArray[np.int64]) -> ModelLabels:
    """The most probable value of each item that nobody has settled, where it is more probable than all others."""
    count, unsure = len(votes.ids), len(votes.values)
    best = truth.argmax(axis=1)
    # Rounded, so that another order of the same sums decides nothing.
    confidence = np.round(truth[np.arange(count), best], 6)
    said = np.where(confidence > 0.5, best, unsure)
    tally = np.bincount(votes.items * (unsure + 1) + votes.said, minlength=count * (unsure + 1)).reshape(count, -1)
    saying = tally[np.arange(count), said]
    supports = (votes.said == said[votes.items]) | (saying[votes.items] == 0)
    event_ids = np.zeros(count, np.int64)
    np.maximum.at(event_ids, votes.items[supports], votes.events[supports])
    agreement = np.where(saying > 0, saying, tally.max(axis=1)) / tally.sum(axis=1)
    left = ~votes.is_settled
    return ModelLabels(
        [*votes.values, UNSURE],
        MODEL_RULES,
        ids=votes.ids[left],
        said=said[left],
        by=by[left],
        event_ids=event_ids[left],
        agreement=agreement[left],
        confidence=confidence[left],
        is_disputed=(tally.max(axis=1) < tally.sum(axis=1))[left],
    )
