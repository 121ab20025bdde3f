"""JSON from files nobody vouches for: size and depth bounded, numbers kept as the texts they were."""

import json
from typing import Any

from tomosift.formats.problem import FormatProblem

LONGEST_DOCUMENT = 32 * 2**20
"""Room for 100,000 points. Python needs some thirty times a document's size in the worst case."""


class NumberText(str):
    """A number of a JSON text, as it was written."""

    __slots__ = ()


def parse_json(text: str | bytes, name: str, row: int | None = None) -> Any:
    """What a JSON text holds, numbers as `NumberText`. Raises FormatProblem that names the place."""
    try:
        value = json.loads(text, parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}" if row is None else f"column {error.colno}"
        raise FormatProblem(f"{name} is no valid JSON ({error.msg} at {place})", row=row) from None
    except RecursionError:
        raise FormatProblem(f"{name} nests its values too deeply to be a list of particles", row=row) from None
    except ValueError:
        raise FormatProblem(f"{name} is not a text file in UTF-8", row=row) from None
    if (b"\\u" if isinstance(text, bytes) else "\\u") in text and not _all_storable(value):  # type: ignore[operator]
        raise FormatProblem(f"{name} holds a text with zero bytes or half a character (\\u escapes)", row=row)
    return value


def json_cell(value: Any) -> str:
    """A value as the text of a cell: strings and numbers as they are, anything else as JSON; null is empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return dump_json(value)
    except RecursionError:
        raise FormatProblem("a value is nested too deeply to be one of a list of particles") from None


def plain_json(value: Any) -> Any:
    """A value that `parse_json` gave with real numbers in it, as a database keeps it; null for NaN."""
    if isinstance(value, str) and not isinstance(value, NumberText):
        return value
    return json.loads(json_cell(value) or "null", parse_constant=lambda _: None)


def dump_json(value: Any) -> str:
    """A value that `parse_json` gave (or any plain one), as JSON in one line, numbers as they were."""
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {dump_json(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        if value and all(type(each) is NumberText for each in value):
            return "[" + ", ".join(value) + "]"
        return "[" + ", ".join(map(dump_json, value)) + "]"
    return json.dumps(value)


def _all_storable(value: Any) -> bool:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and ("\0" in each or (not each.isascii() and each != _without_halves(each))):
            return False
    return True


def _without_halves(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()
