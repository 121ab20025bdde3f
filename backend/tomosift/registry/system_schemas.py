"""Wire types of the state of the system."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class WorkerOut(BaseModel):
    """A worker that announced itself within the last day."""

    id: str
    hostname: str
    queue: str
    device: str
    device_name: str
    memory_bytes: int | None = Field(description="Of the device; null where it is not known.")
    versions: dict[str, Any]
    started_at: datetime
    heartbeat_age_seconds: float
    is_alive: bool = Field(description="It gave a sign of life in the last 30 seconds.")


class WorkOut(BaseModel):
    """A job that is not over."""

    kind: str
    queue: str
    state: Literal["queued", "running"]
    project_slug: str | None
    project_name: str | None
    worker: str | None = Field(description="The id of the worker that does it.")
    stage: str | None
    done: int | None
    total: int | None
    created_at: datetime
    started_at: datetime | None


class QueueDepth(BaseModel):
    """Jobs of one queue that are not over."""

    queue: str
    queued: int
    running: int
    waiting_since: datetime | None = Field(description="When the oldest waiting one was asked for.")


class StoredOut(BaseModel):
    """How much room one kind of things takes."""

    name: Literal["volumes", "models and results", "uploads", "database"]
    bytes: int
    is_partial: bool = Field(description="Counting was cut short: there is more.")


class DiskOut(BaseModel):
    """A file system that holds something of the service."""

    holds: list[str]
    total_bytes: int
    free_bytes: int
    is_low: bool = Field(description="Less is free than the setting TOMOSIFT_DISK_WARNING_GB.")


class DatabaseOut(BaseModel):
    """The database server."""

    version: str
    connections: int
    most_connections: int


class SystemOut(BaseModel):
    """The state of the service, for administrators."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": "0.1.0",
                "started_at": "2026-11-20T12:00:00Z",
                "database": {"version": "17.2", "connections": 6, "most_connections": 100},
                "broker_problem": None,
                "workers": [],
                "queues": [{"queue": "gpu", "queued": 0, "running": 1, "waiting_since": None}],
                "work": [],
                "stored": [{"name": "volumes", "bytes": 53477376, "is_partial": False}],
                "disks": [
                    {
                        "holds": ["the data folder", "the store"],
                        "total_bytes": 512000000000,
                        "free_bytes": 90000000000,
                        "is_low": False,
                    }
                ],
                "unsent_messages": 0,
                "live_leases": 4,
            }
        }
    )

    version: str
    started_at: datetime = Field(description="When the process that answered began.")
    database: DatabaseOut
    broker_problem: str | None = Field(description="Why messages cannot be sent to workers; null: they can.")
    workers: list[WorkerOut]
    queues: list[QueueDepth]
    work: list[WorkOut] = Field(description="What runs and what waits, the oldest first; up to 50.")
    stored: list[StoredOut] = Field(description="What lies on this computer's disks, and in the database.")
    disks: list[DiskOut] = Field(description="Those of this computer; a store elsewhere has none here.")
    unsent_messages: int = Field(description="Task messages that wait for the broker.")
    live_leases: int = Field(description="Items that people hold just now.")
