"""Keyset pages: `{items, next}`, walked with `?limit=&after=`; a page costs the same however far it is."""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from tomosift.kit.problems import ProblemError, invalid

CursorValue = str | int | float | None
PageLimit = Annotated[int, Query(ge=1, le=500, description="At most so many items.")]
PageAfter = Annotated[str | None, Query(max_length=400, description="The `next` of the page before.")]


T = TypeVar("T")
Row = TypeVar("Row")
Item = TypeVar("Item")


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(description="Give it as `after` to get the next page; null at the end.")


def encode_cursor(*values: CursorValue) -> str:
    """An opaque cursor that stands for the last item's sort key."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *types: type[str] | type[int] | type[float]) -> list[CursorValue] | None:
    """The sort key in a cursor, checked against the expected `types`; None for no cursor.

    Raises ProblemError 422 for anything `encode_cursor` did not make.
    """
    if cursor is None:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        values = None
    if (
        not isinstance(values, list)
        or len(values) != len(types)
        or not all(type(value) is kind for value, kind in zip(values, types, strict=True))
    ):
        raise _bad_cursor()
    return values


def decode_time_cursor(cursor: str | None) -> tuple[datetime, uuid.UUID] | None:
    """The sort key of lists by time and id. Raises ProblemError 422 for anything `encode_cursor` did not make."""
    values = decode_cursor(cursor, str, str)
    if values is None:
        return None
    try:
        return datetime.fromisoformat(str(values[0])), uuid.UUID(str(values[1]))
    except ValueError as error:
        raise _bad_cursor() from error


def decode_id_cursor(cursor: str | None) -> uuid.UUID | None:
    """The sort key of lists by a UUID. Raises ProblemError 422 for anything `encode_cursor` did not make."""
    values = decode_cursor(cursor, str)
    try:
        return None if values is None else uuid.UUID(str(values[0]))
    except ValueError as error:
        raise _bad_cursor() from error


def _bad_cursor() -> ProblemError:
    return invalid("bad-cursor", "Bad page cursor", "Use the `next` of the page before, or leave `after` out.")


def page_of(
    rows: Sequence[Row],
    limit: int,
    to_item: Callable[[Row], Item],
    key: Callable[[Row], tuple[CursorValue, ...]],
) -> Page[Item]:
    """A page from up to `limit + 1` rows: the extra one only tells that there is more."""
    shown = rows[:limit]
    following = encode_cursor(*key(shown[-1])) if len(rows) > limit and shown else None
    return Page(items=[to_item(row) for row in shown], next=following)
