"""Wire types of what starts cycles by itself."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tomosift.cycles.schemas import AskedSettings

ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Field(examples=["02:00"])]


class TriggersIn(BaseModel):
    """What shall start cycles; it replaces what was set, and takes a pause away."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"after_labels": 100, "nightly_at": "02:00", "time_zone": "UTC"}}
    )

    after_labels: int | None = Field(
        default=None, ge=1, le=1_000_000, description="After so many labels that no cycle has seen; null: never."
    )
    nightly_at: ClockTime | None = Field(
        default=None, description="Every day at this time, if there is a label that no cycle has seen; null: never."
    )
    time_zone: str = Field(default="UTC", max_length=64, description="Whose clock, such as Europe/Berlin.")
    settings: AskedSettings = Field(default_factory=dict, description="As for a launch by hand.")


class Triggers(TriggersIn):
    """What starts cycles, and how things stand."""

    paused_at: datetime | None = Field(description="Since when nothing is started, because a cycle failed.")
    pause_reason: str | None
    new_labels: int = Field(description="Labels that no cycle has seen, evaluation items not counted.")
    next_night: datetime | None = Field(description="When the nightly cycle is due; null where there is none.")
    set_by: str | None = Field(description="Who set it; null where nobody has yet.")
    set_at: datetime | None
