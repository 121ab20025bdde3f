"""From values in a file to classes of the project: everything is settled before anything is written."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from tomosift.kit.problems import ProblemError, invalid
from tomosift.pool.label_schemas import LabelImport
from tomosift.projects.classes import add_class, list_classes
from tomosift.projects.schemas import ClassIn

MOST_NEW_CLASSES = 100
LONGEST_CLASS_NAME = 80
SHOWN = 50
_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0*")


@dataclass(frozen=True)
class Target:
    """What a value means: `kind` class (with its id), junk, unsure, or ignore."""

    kind: str
    class_id: uuid.UUID | None = None


def settle_values(
    session: Session, project_id: uuid.UUID, request: LabelImport, counts: Mapping[str, int]
) -> dict[str, Target]:
    """A target for every value; adds classes where the request allows it.

    Raises ProblemError 422 `unknown-labels` with the values nobody mapped (and their counts), or the classes that are
    not there.
    """
    mapping = {_plain(value): target for value, target in request.classes.items()}
    names = {value: mapping.get(value, value) for value in counts}
    known = {each.name.lower(): each.id for each in list_classes(session, project_id)}
    missing = {
        value: name
        for value, name in names.items()
        if name is not None and name.lower() not in (*known, "junk", "unsure")
    }
    if missing and not request.create_classes:
        raise _unknown(
            {value: counts[value] for value in missing}, sorted(each.name for each in list_classes(session, project_id))
        )
    for name in _new_names(missing):
        known[name.lower()] = add_class(session, project_id, ClassIn(name=name), None).id
    return {value: _target(name, known) for value, name in names.items()}


def _plain(value: str) -> str:
    """As values are read: programs write 3 as `3.000` too."""
    whole = _WHOLE_NUMBER.fullmatch(value.strip())
    return whole[1] if whole else value.strip()


def _new_names(missing: Mapping[str, str]) -> list[str]:
    new = {name.lower(): name for name in missing.values()}
    if len(new) > MOST_NEW_CLASSES:
        raise invalid(
            "too-many-classes",
            "Too many new classes",
            f"{len(new)} classes would be added, more than {MOST_NEW_CLASSES}. Is this the column with the classes?",
        )
    too_long = next((name for name in new.values() if len(name) > LONGEST_CLASS_NAME), None)
    if too_long is not None:
        raise invalid(
            "class-name-too-long",
            "A class name is too long",
            f"{too_long[:40]!r}… has more than {LONGEST_CLASS_NAME} letters. Map it to a shorter name.",
        )
    return list(new.values())


def _target(name: str | None, known: Mapping[str, uuid.UUID]) -> Target:
    if name is None:
        return Target("ignore")
    if name.lower() in known:
        return Target("class", known[name.lower()])
    return Target(name.lower())


def _unknown(counts: Mapping[str, int], classes: list[str]) -> ProblemError:
    shown: list[dict[str, Any]] = [
        {"value": value, "count": count} for value, count in sorted(counts.items(), key=lambda each: -each[1])[:SHOWN]
    ]
    few = ", ".join(f"{each['value'][:40]!r} ({each['count']:,})" for each in shown[:5])
    more = f" and {len(counts) - 5} more" if len(counts) > 5 else ""
    return invalid(
        "unknown-labels",
        "Some values are no class",
        f"Without a class: {few}{more}. The project has {', '.join(classes) or 'no classes'}. Say for each value which "
        "class it is, or junk, unsure, or nothing at all; or let the import add classes. Nothing was written.",
        values=shown,
    )
