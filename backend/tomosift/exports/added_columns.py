"""The columns an export can add to a list: what was decided about each particle, by whom, how surely."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tomosift.exports.outcome import DECIDERS, Outcome, class_names
from tomosift.exports.pool_facts import NOTHING, RULES, PoolFacts
from tomosift.exports.predictions import Predictions
from tomosift.exports.schemas import Column

NAMES: dict[Column, str] = {
    "label": "tomosiftLabel",
    "annotators": "tomosiftAnnotators",
    "agreement": "tomosiftAgreement",
    "label-rule": "tomosiftLabelRule",
    "predicted-class": "tomosiftPredictedClass",
    "confidence": "tomosiftConfidence",
    "decided-by": "tomosiftDecidedBy",
    "unlike": "tomosiftUnlike",
}
# No list format holds an empty text well, so what is not there has a word too (numbers: nan).
NONE = "none"

Places = NDArray[np.int64]


class AddedColumns:
    """The texts of the asked columns for any particles, given by their places in the facts."""

    def __init__(self, asked: Sequence[Column], facts: PoolFacts, predictions: Predictions, outcome: Outcome) -> None:
        self._facts, self._predictions, self._outcome = facts, predictions, outcome
        names = class_names(facts)
        # By code: the classes from the front, junk and unsure (-1, -2) from the back.
        self._class_names = [names.get(code, NONE) for code in range(max(names) + 1)] + [names[-2], names[-1]]
        self._class_names[NOTHING] = NONE
        makers: dict[Column, Callable[[Places], list[str]]] = {
            "label": lambda places: self._named(facts.labels[places]),
            "annotators": self._annotators,
            "agreement": lambda places: _numbers(facts.agreement[places]),
            "label-rule": lambda places: [[NONE, *RULES][rule] for rule in facts.rules[places].tolist()],
            "predicted-class": lambda places: self._named(predictions.codes[places]),
            "confidence": lambda places: _numbers(predictions.confidence[places]),
            "decided-by": self._deciders,
            "unlike": lambda places: _numbers(predictions.unlike[places]),
        }
        self._makers = {NAMES[column]: makers[column] for column in dict.fromkeys(asked)}
        self._others = self._other_annotators() if "annotators" in asked else {}

    @property
    def names(self) -> list[str]:
        """The columns' names, in the order they were asked for."""
        return list(self._makers)

    def texts(self, places: Places) -> dict[str, list[str]]:
        """One text a particle for each column."""
        return {name: make(places) for name, make in self._makers.items()}

    def _named(self, codes: NDArray[np.int16]) -> list[str]:
        return [self._class_names[code] for code in codes.tolist()]

    def _deciders(self, places: Places) -> list[str]:
        words = [NONE, *DECIDERS]
        return [words[who] for who in self._outcome.decided_by[places].tolist()]

    def _annotators(self, places: Places) -> list[str]:
        names = [*(person.display_name for person in self._facts.people), NONE]  # -1 is the last: nobody
        single = [names[author] for author in self._facts.authors[places].tolist()]
        return [self._others.get(place, name) for place, name in zip(places.tolist(), single, strict=True)]

    def _other_annotators(self) -> dict[int, str]:
        """Names by place where several opinions stand, each person once, in the order they came to the project."""
        people: dict[int, set[int]] = {}
        for place, person in self._facts.opinions.tolist():
            people.setdefault(place, set()).add(person)
        names = [person.display_name for person in self._facts.people]
        return {place: ";".join(names[each] for each in sorted(those)) for place, those in people.items()}


def _numbers(values: NDArray[np.float32]) -> list[str]:
    return [f"{value:.4f}" for value in values.tolist()]
