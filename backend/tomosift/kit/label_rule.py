"""The rule that makes one label of the opinions about one subtomogram. `standing_labels` is the same rule in SQL.

Of what one person said, one opinion counts: a timely one before a late one, a newer one before an older one, a skip
only where they said nothing else. What a file said (an importer's opinion) counts only where no person has said
anything. Then the project's rule decides:

- single: the newest timely opinion; the newest late one where no timely one stands.
- majority: what most opinions say. In a tie the experts together are unsure.
- dawid-skene, crowdlab: what is most probable, given how often each person is right (`tomosift.consensus`); until a
  job has worked that out, majority.

An adjudicator's word wins over all of them. Opinions that differ are a dispute until somebody adjudicates.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

LabelRule = Literal["single", "majority", "dawid-skene", "crowdlab"]
SINGLE: LabelRule = "single"
MAJORITY: LabelRule = "majority"
MODEL_RULES: tuple[LabelRule, ...] = ("dawid-skene", "crowdlab")
ADJUDICATED = "adjudicated"

Value = tuple[str, uuid.UUID | None]
UNSURE: Value = ("unsure", None)


@dataclass(frozen=True)
class Opinion:
    """An opinion that stands: whose, what, and whether it came late, from a file, or from an adjudicator."""

    event_id: int
    author: uuid.UUID
    kind: str
    class_id: uuid.UUID | None
    late: bool = False
    imported: bool = False
    adjudicates: bool = False

    @property
    def value(self) -> Value:
        """What it says."""
        return self.kind, self.class_id


@dataclass(frozen=True)
class DerivedLabel:
    """What the opinions come to; the fields are those of `current_label`."""

    kind: str
    class_id: uuid.UUID | None
    rule: str
    event_id: int
    opinion_count: int
    agreement: float | None
    is_disputed: bool


def rule_at_once(rule: LabelRule) -> LabelRule:
    """The rule by which a label is derived together with its event: a model's rule is worked out afterwards."""
    return MAJORITY if rule in MODEL_RULES else rule


def rule_of(settings: dict[str, Any]) -> LabelRule:
    """The rule in a project's stored settings."""
    return as_rule(settings.get("label_rule", SINGLE))


def as_rule(name: str) -> LabelRule:
    """The rule of this stored name."""
    return next(rule for rule in get_args(LabelRule) if rule == name)


def derive_label(opinions: Sequence[Opinion], rule: LabelRule) -> DerivedLabel | None:
    """The label by `rule`; None where no opinion stands. `opinions` are all about one subtomogram."""
    if not opinions:
        return None
    rule = rule_at_once(rule)
    voters = _voters(opinions)
    votes = Counter(each.value for each in voters)
    words = [each for each in opinions if each.adjudicates]
    if words:
        word = max(words, key=lambda each: each.event_id)
        agreement = votes[word.value] / len(voters) if voters else None
        return DerivedLabel(
            word.kind, word.class_id, ADJUDICATED, word.event_id, len(voters) + 1, agreement, is_disputed=False
        )
    if not voters:
        skip = min(opinions, key=_preference)
        return DerivedLabel(skip.kind, None, rule, skip.event_id, 0, None, is_disputed=False)
    value, spoken_for = _decide(voters, votes, rule)
    return DerivedLabel(
        kind=value[0],
        class_id=value[1],
        rule=rule,
        event_id=max(spoken_for, key=lambda each: each.event_id).event_id,
        opinion_count=len(voters),
        agreement=votes[spoken_for[0].value] / len(voters),
        is_disputed=len(votes) > 1,
    )


def _voters(opinions: Sequence[Opinion]) -> list[Opinion]:
    """One opinion of each person who said anything; where nobody did, one of each importer."""
    best: dict[uuid.UUID, Opinion] = {}
    for each in opinions:
        if not each.adjudicates and (each.author not in best or _preference(each) < _preference(best[each.author])):
            best[each.author] = each
    said = [each for each in best.values() if each.kind != "skip"]
    return [each for each in said if not each.imported] or said


def _decide(voters: Sequence[Opinion], votes: Counter[Value], rule: LabelRule) -> tuple[Value, list[Opinion]]:
    """The label, and the opinions it rests on."""
    if rule == SINGLE:
        winner = min(voters, key=_preference)
        return winner.value, [winner]
    most = max(votes.values())
    leading = [each for each in voters if votes[each.value] == most]
    return (leading[0].value if len(leading) == most else UNSURE), leading


def _preference(opinion: Opinion) -> tuple[bool, bool, int]:
    return opinion.kind == "skip", opinion.late, -opinion.event_id
