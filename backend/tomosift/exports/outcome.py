"""Which class each particle is exported as, who decided it, and whether it is selected."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift.exports.pool_facts import JUNK, NOTHING, UNSURE, PoolFacts, code_of
from tomosift.exports.predictions import Predictions
from tomosift.exports.schemas import Choice, ClassesFrom, DecidedBy, ExportFilters
from tomosift.kit.problems import invalid

EXPERT, IMPORTER, MODEL = 1, 2, 3
DECIDERS: dict[DecidedBy, int] = {"expert": EXPERT, "importer": IMPORTER, "model": MODEL}
SPECIAL = {"junk": JUNK, "unsure": UNSURE, "unlabeled": NOTHING}


@dataclass(frozen=True)
class Outcome:
    """Arrays `(n,)` in the order of the facts: class codes, who decided (0: nobody), and the selection."""

    codes: NDArray[np.int16]
    decided_by: NDArray[np.int8]
    selected: NDArray[np.bool_]


def class_names(facts: PoolFacts) -> dict[int, str]:
    """The name of every code that can occur: the classes in their order, then junk, unsure, unlabeled."""
    return {**{code_of(each): each.name for each in facts.classes}, **{code: name for name, code in SPECIAL.items()}}


def class_number(code: int, facts: PoolFacts) -> int:
    """What stands in a list's class column: 1… for the classes, one more for junk, 0 for unsure and unlabeled."""
    if code == JUNK:
        return max((code_of(each) for each in facts.classes), default=0) + 1
    return max(code, 0)


def decide(facts: PoolFacts, predictions: Predictions, choice: Choice) -> Outcome:
    """Apply a choice. Raises ProblemError 422 for a class, person or tomogram the project does not have."""
    codes, decided_by = _classes(facts, predictions, choice.classes_from)
    selected = np.ones(len(facts), np.bool_)
    wanted = choice.filters
    by_model = decided_by == MODEL
    if wanted.classes is not None:
        selected &= np.isin(codes, _codes_named(facts, wanted.classes))
    if wanted.decided_by is not None:
        selected &= np.isin(decided_by, [DECIDERS[each] for each in wanted.decided_by])
    if wanted.annotators is not None:
        selected &= _decided_by_one_of(facts, wanted.annotators)
    if wanted.min_confidence is not None:
        selected &= ~by_model | (predictions.confidence >= np.float32(wanted.min_confidence))
    selected &= ~by_model | _is_as_unlike(predictions, wanted)
    if wanted.min_agreement is not None:
        # A label with its agreement is one of people; what a model decided has none.
        selected &= by_model | (facts.agreement >= np.float32(wanted.min_agreement))
    if wanted.tomograms is not None:
        selected &= np.isin(facts.tomograms, _numbers_named(facts.tomogram_names, wanted.tomograms, "tomogram"))
    return Outcome(codes, decided_by, selected)


def _is_as_unlike(predictions: Predictions, wanted: ExportFilters) -> NDArray[np.bool_]:
    """Which predictions pass the bounds on how unlike all classes they are. Raises ProblemError where nobody knows."""
    passes = np.ones(len(predictions.unlike), np.bool_)
    if wanted.max_unlike is None and wanted.min_unlike is None:
        return passes
    if not np.isfinite(predictions.unlike).any():
        detail = (
            "These predictions do not say how unlike all classes a particle is. Launch a cycle and take its "
            "predictions, or leave max_unlike and min_unlike out."
        )
        raise invalid("unlikeness-unknown", "Nobody knows how unlike these particles are", detail)
    if wanted.max_unlike is not None:
        passes &= predictions.unlike <= np.float32(wanted.max_unlike)
    if wanted.min_unlike is not None:
        passes &= predictions.unlike >= np.float32(wanted.min_unlike)
    return passes


def _classes(
    facts: PoolFacts, predictions: Predictions, classes_from: ClassesFrom
) -> tuple[NDArray[np.int16], NDArray[np.int8]]:
    is_importer = np.array([person.is_importer for person in facts.people] + [False])
    people_say = np.where(is_importer[facts.authors], IMPORTER, EXPERT)
    by_people = np.where(facts.labels != NOTHING, people_say, 0).astype(np.int8)
    by_model = np.where(predictions.codes != NOTHING, MODEL, 0).astype(np.int8)
    if classes_from == "labels":
        return facts.labels, by_people
    if classes_from == "predictions":
        return predictions.codes, by_model
    labeled = facts.labels != NOTHING
    return np.where(labeled, facts.labels, predictions.codes), np.where(labeled, by_people, by_model)


def _codes_named(facts: PoolFacts, names: Sequence[str]) -> list[int]:
    known = {name.lower(): code for code, name in class_names(facts).items()}
    by_id = {each.id: code_of(each) for each in facts.classes}
    codes = []
    for name in names:
        code = known.get(name.lower())
        code = by_id.get(_uuid_or_none(name) or uuid.UUID(int=0)) if code is None else code
        if code is None:
            raise _unknown("class", name, ", ".join(known))
        codes.append(code)
    return codes


def _decided_by_one_of(facts: PoolFacts, names: Sequence[str]) -> NDArray[np.bool_]:
    people = _numbers_named([person.name for person in facts.people], names, "annotator with an opinion")
    found: NDArray[np.bool_] = np.isin(facts.authors, people)
    found[facts.opinions[np.isin(facts.opinions[:, 1], people), 0]] = True
    return found


def _numbers_named(known: Sequence[str], wanted: Sequence[str], what: str) -> list[int]:
    numbers = {name: number for number, name in enumerate(known)}
    for name in wanted:
        if name not in numbers:
            raise _unknown(what, name, ", ".join(sorted(numbers)[:20]))
    return [numbers[name] for name in wanted]


def _unknown(what: str, name: str, known: str) -> Exception:
    detail = f"This project has no {what} {name[:80]!r}. It has: {known or 'none'}."
    return invalid("unknown-filter", "Nothing goes by that name", detail)


def _uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
