"""Wire types of running the queue: who holds what, further questions, priorities, pause."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tomosift.annotation.schemas import BigId, Work

MOST_AT_ONCE = 1000
MOST_LEASES_AT_ONCE = 64
HIGHEST_PRIORITY = 1000

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400, pattern=r"^[^\x00]*$")]
ItemList = Annotated[list[BigId], Field(min_length=1, max_length=MOST_AT_ONCE)]


class HeartbeatsIn(BaseModel):
    """The leases to keep."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"lease_ids": [912, 913]}})

    lease_ids: list[BigId] = Field(min_length=1, max_length=MOST_LEASES_AT_ONCE)


class RenewedLease(BaseModel):
    """A lease that is still yours."""

    id: int
    expires_at: datetime


class HeartbeatsOut(BaseModel):
    """Which leases are still yours, and which are over."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"renewed": [{"id": 912, "expires_at": "2026-11-20T12:21:00Z"}], "ended_ids": [913]}
        }
    )

    renewed: list[RenewedLease]
    ended_ids: list[int] = Field(description="Decided, given back, or run out; or never yours.")


class HeldItem(BaseModel):
    """An item that somebody has before them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "lease_id": 912,
                "user_id": "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c111",
                "user": "ada",
                "subtomogram_id": 4711,
                "subtomogram": "TS_01/000012",
                "work": "query",
                "since": "2026-11-20T12:00:00Z",
                "until": "2026-11-20T12:20:00Z",
            }
        }
    )

    lease_id: int
    user_id: uuid.UUID
    user: str
    subtomogram_id: int
    subtomogram: str
    work: Work
    since: datetime
    until: datetime


class WorkCount(BaseModel):
    """What is open of one kind of work."""

    work: Work
    open: int
    held: int = Field(description="Of these, how many somebody has before them.")
    highest_priority: int | None
    lowest_priority: int | None


class QueueOut(BaseModel):
    """The queue of a project as a whole."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "paused_at": None,
                "works": [{"work": "query", "open": 31, "held": 6, "highest_priority": 0, "lowest_priority": 0}],
            }
        }
    )

    paused_at: datetime | None
    works: list[WorkCount] = Field(description="Kinds of work with something open, the next one first.")


class QuestionsIn(BaseModel):
    """Ask about items once more: named ones, or a random share of those that are labeled."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"work": "label-error", "subtomogram_ids": [4711, 4802], "reason": "The model sees a rod here."}
        },
    )

    work: Literal["recheck", "label-error", "adjudication"]
    subtomogram_ids: ItemList | None = None
    labeled_share: float | None = Field(
        default=None, gt=0, le=1, description="Instead of ids: this share of the labeled items, drawn at random."
    )
    reason: Reason | None = Field(default=None, description="What the one who is asked reads; not for re-checks.")

    @model_validator(mode="after")
    def _fits_together(self) -> "QuestionsIn":
        if (self.subtomogram_ids is None) == (self.labeled_share is None):
            raise ValueError("give either subtomogram_ids or labeled_share")
        if self.labeled_share is not None and self.work != "recheck":
            raise ValueError("a random share is for re-checks; name the items of other work")
        if self.reason is not None and self.work == "recheck":
            raise ValueError("a re-check is blind: it takes no reason")
        return self


class QuestionsOut(BaseModel):
    """What was asked, and what was left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"added": 2, "asked_already": 1, "undecided": 0, "in_evaluation": 0, "not_there": 0}
        }
    )

    added: int
    asked_already: int = Field(description="The same question about them is open.")
    undecided: int = Field(description="Nobody has decided them: there is nothing to look at again.")
    in_evaluation: int = Field(
        description="In the evaluation sample, where a likely label error would tell of the label. Re-checks are blind."
    )
    not_there: int = Field(description="No such subtomogram in this project.")


class PriorityIn(BaseModel):
    """A priority for what is open: all of one kind of work, or certain items."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"work": "recheck", "priority": 10}})

    priority: int = Field(ge=-HIGHEST_PRIORITY, le=HIGHEST_PRIORITY, description="Higher comes first; a batch has 0.")
    work: Work | None = None
    subtomogram_ids: ItemList | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "PriorityIn":
        if (self.work is None) == (self.subtomogram_ids is None):
            raise ValueError("give either work or subtomogram_ids")
        return self


class CancelIn(BaseModel):
    """The kind of work to take out of the queue."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"work": "recheck"}})

    work: Literal["query", "recheck", "label-error", "adjudication"]


class ChangedOut(BaseModel):
    """How many questions changed."""

    model_config = ConfigDict(json_schema_extra={"example": {"changed": 12}})

    changed: int
