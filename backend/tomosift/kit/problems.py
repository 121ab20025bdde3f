"""Errors as RFC 9457 problem details: every error says what to do, none leaks a path or a trace."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

PROBLEM_MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """The body of every error response."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:tomosift:problem:cycle-running",
                "title": "A cycle is running already",
                "status": 409,
                "detail": "Cycle 3 is training. Wait until it is ready, or cancel it.",
            }
        },
    )

    type: str = Field(description="Names the kind of problem; stable, for programs.")
    title: str = Field(description="The kind of problem in a few words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened here and what to do.")


class ProblemError(Exception):
    """Raise it anywhere below an endpoint; it becomes a problem+json response."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(f"{title}: {detail}")
        self.status, self.kind, self.title, self.detail = status, kind, title, detail
        self.headers, self.extra = dict(headers or {}), extra

    def body(self) -> dict[str, Any]:
        """The problem object."""
        return {
            "type": f"urn:tomosift:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }


def not_found(what: str) -> ProblemError:
    """404 that does not tell whether the thing is absent or merely not yours."""
    return ProblemError(404, "not-found", "Not found", f"There is no such {what}, or you may not see it.")


def conflict(kind: str, title: str, detail: str, **extra: Any) -> ProblemError:
    """409."""
    return ProblemError(409, kind, title, detail, **extra)


def invalid(kind: str, title: str, detail: str, **extra: Any) -> ProblemError:
    """422."""
    return ProblemError(422, kind, title, detail, **extra)


def forbidden(detail: str) -> ProblemError:
    """403."""
    return ProblemError(403, "forbidden", "Not allowed", detail)
