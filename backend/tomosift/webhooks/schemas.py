"""Wire types of the webhooks room."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Event = Literal[
    "batch.finished", "cycle.ready", "cycle.failed", "import.finished", "label-import.finished", "export.finished"
]
Url = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=1000, pattern=r"^https?://[^\s\x00]+$"),
    Field(
        description="https://… (or http://…) on a host of TOMOSIFT_WEBHOOK_HOSTS.",
        examples=["https://lab.example.org/tomosift"],
    ),
]
Events = Annotated[list[Event], Field(min_length=1, max_length=20, description="What it is told of.")]

_WEBHOOK: dict[str, Any] = {
    "id": "0b0e6a0c-6a52-4f0b-9a51-0d4d5a3f9f63",
    "url": "https://lab.example.org/tomosift",
    "events": ["batch.finished", "cycle.ready"],
    "is_active": True,
    "version": 1,
    "created_at": "2026-11-20T12:00:00Z",
}
_DELIVERY: dict[str, Any] = {
    "id": 4711,
    "event": "cycle.ready",
    "payload": {"type": "cycle.ready", "timestamp": "2026-11-20T12:00:00Z", "project": "demo", "data": {"cycle": 3}},
    "state": "delivered",
    "tries": 2,
    "next_try_at": None,
    "last_status": 204,
    "last_error": None,
    "created_at": "2026-11-20T12:00:00Z",
    "finished_at": "2026-11-20T12:00:31Z",
}


class WebhookIn(BaseModel):
    """A webhook to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"url": _WEBHOOK["url"], "events": _WEBHOOK["events"]}},
    )

    url: Url
    events: Events


class WebhookPatch(BaseModel):
    """Changes to a webhook; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_active": False}})

    url: Url | None = None
    events: Events | None = None
    is_active: bool | None = Field(default=None, description="false pauses it: nothing is sent, nothing new is kept.")


class WebhookOut(BaseModel):
    """A webhook. Its ETag is `version`; its secret is never shown again."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": _WEBHOOK})

    id: uuid.UUID
    url: str
    events: list[Event]
    is_active: bool
    version: int
    created_at: datetime


class WebhookMade(WebhookOut):
    """A webhook with its secret, shown this once."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": {**_WEBHOOK, "secret": "whsec_…"}})

    secret: str = Field(description="Signs what is sent: the key is what stands behind `whsec_`, base64-decoded.")


class DeliveryOut(BaseModel):
    """One event sent, or to be sent, to a webhook."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": _DELIVERY})

    id: int
    event: str
    payload: dict[str, Any] = Field(description="The body as it is sent.")
    state: Literal["waiting", "delivered", "failed"]
    tries: int
    next_try_at: datetime | None = Field(description="null when it is over.")
    last_status: int | None = Field(description="HTTP status of the newest try, if there was an answer.")
    last_error: str | None
    created_at: datetime
    finished_at: datetime | None
