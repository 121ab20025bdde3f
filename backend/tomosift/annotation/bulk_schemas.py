"""Wire types of decisions on many items in one request."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tomosift.annotation.schemas import LONGEST_LOOK_MS, BigId, Comment, Confidence

MOST_AT_ONCE = 1000


class BulkDecisionIn(BaseModel):
    """One decision on many subtomograms, as chosen in the gallery."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "subtomogram_ids": [4711, 4712, 4719],
                "kind": "class",
                "class_id": "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c111",
                "duration_ms": 9400,
            }
        },
    )

    subtomogram_ids: Annotated[list[BigId], Field(min_length=1, max_length=MOST_AT_ONCE)]
    kind: Literal["class", "unsure", "junk"]
    class_id: uuid.UUID | None = Field(default=None, description="The class, for kind `class` only.")
    confidence: Confidence | None = None
    duration_ms: int | None = Field(
        default=None, ge=0, le=LONGEST_LOOK_MS, description="How long you looked at all of them together."
    )
    comment: Comment | None = Field(default=None, description="Kept with each of them.")
    decided_at: datetime | None = Field(default=None, description="When you decided, by your clock.")

    @model_validator(mode="after")
    def _fits_together(self) -> "BulkDecisionIn":
        if (self.kind == "class") != (self.class_id is not None):
            raise ValueError("give class_id with kind `class`, and with no other kind")
        if self.decided_at is not None and self.decided_at.tzinfo is None:
            raise ValueError("decided_at needs a time zone")
        if len(set(self.subtomogram_ids)) < len(self.subtomogram_ids):
            raise ValueError("name each subtomogram once")
        return self


class BulkDecisionOut(BaseModel):
    """What was stored: one event for each subtomogram that was not left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"bulk_id": "0b8b5c2e-9a60-5f3e-8f0a-6a3a6ad0c111", "decided": 2, "held_by_others": [4719]}
        }
    )

    bulk_id: uuid.UUID = Field(description="Names these decisions together, for their undo.")
    decided: int
    held_by_others: list[int] = Field(
        description="Left out, because somebody else is looking at them just now: nothing was stored about these."
    )


class BulkUndoOut(BaseModel):
    """The decisions of a bulk request no longer count."""

    model_config = ConfigDict(json_schema_extra={"example": {"undone": 2}})

    undone: int = Field(description="Those that still stood; what was taken back one by one before is not counted.")
