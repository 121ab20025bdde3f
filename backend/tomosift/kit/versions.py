"""Changing what others may have changed meanwhile: every PATCH names the version it read (If-Match)."""

import re
from typing import Annotated

from fastapi import Header

from tomosift.kit.problems import ProblemError

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description='The ETag you read, e.g. `"3"`; `*`: whatever it is.')
]


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def check_version(if_match: str | None, version: int, what: str) -> None:
    """Let a change of `what` at `version` pass only if the header names that version, or `*`.

    Call it with the row locked. Raises ProblemError 428 without the header, 412 when the thing has changed.
    """
    if if_match is None:
        raise ProblemError(
            428,
            "version-needed",
            "Say which version you change",
            f"Read the {what}, then send its ETag in the header If-Match, so that nobody's change is lost.",
        )
    if if_match.strip() == "*":
        return
    found = re.fullmatch(r'\s*(?:W/)?"(\d{1,9})"\s*', if_match)
    if found is None:
        raise ProblemError(412, "changed-meanwhile", f"Not a version of this {what}", 'If-Match is like `"3"`.')
    if int(found[1]) != version:
        raise ProblemError(
            412,
            "changed-meanwhile",
            f"The {what} has changed meanwhile",
            f"It is at version {version}, and you changed version {found[1]}. Read it again, then repeat.",
        )
