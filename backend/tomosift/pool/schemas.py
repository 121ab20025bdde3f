"""Wire types of the pool room: uploads, imports, jobs, sources, subtomograms."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
RelativePath = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class UploadOut(BaseModel):
    """A place to send files to."""

    id: uuid.UUID
    expires_at: datetime = Field(description="Unused uploads are deleted then.")


class UploadedFile(BaseModel):
    """A file in an upload and how much of it is there."""

    path: str = Field(examples=["Extract/job012/TS_01/000001.mrc"])
    size: int = Field(description="Bytes received; send the next chunk at this offset.")


class BatchReceived(BaseModel):
    """What a batch brought: compare it with what you sent."""

    files: int = Field(description="Files in the batch, all of them durable now.")
    size: int = Field(description="Their bytes in all.")


class UnpackIn(BaseModel):
    """Which archive to unpack."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"path": "subtomograms.tar.gz"}})

    path: RelativePath = Field(description="The archive's path in the upload: .zip, .tar or .tar.gz.")


class UploadContents(BaseModel):
    """What an upload holds."""

    files: list[UploadedFile]


class Progress(BaseModel):
    """How far a running job is."""

    stage: str
    done: int
    total: int
    rate: float | None = Field(default=None, description="Items a second.")
    eta_seconds: float | None = None
    message: str = ""


class JobOut(BaseModel):
    """A piece of long work."""

    id: uuid.UUID
    kind: str = Field(examples=["import"])
    state: JobState
    progress: Progress | None
    problem: dict[str, Any] | None = Field(description="Why it failed (RFC 9457); imports list bad rows in `errors`.")
    result: dict[str, Any] | None
    attempt: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class DemoOut(BaseModel):
    """The demo project while its particles are made."""

    slug: str
    job: JobOut = Field(description="Simulates the particles; then an import brings them in.")


class JobLogEntry(BaseModel):
    """A line a job wrote for people."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    level: str
    message: str


class JobDetail(JobOut):
    """A job with the last lines of its log."""

    log: list[JobLogEntry]


class SourceOut(BaseModel):
    """An imported particle list."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    flavour: str
    checksum: str
    row_count: int
    box_size: int
    voxel_size_angstrom: float | None
    columns: list[str]
    created_at: datetime


class LabelOut(BaseModel):
    """What counts now for a subtomogram."""

    kind: Literal["class", "unsure", "junk", "skip"]
    class_id: uuid.UUID | None


class PredictionOut(BaseModel):
    """A class that an import brought along as a hint."""

    model_config = ConfigDict(from_attributes=True)

    class_id: uuid.UUID
    confidence: float | None = Field(description="From 0 to 1; null where the file gave none.")


class SubtomogramSummary(BaseModel):
    """A subtomogram in a list."""

    id: int
    name: str
    source_id: uuid.UUID
    source_row: int = Field(description="Row in its source, from 0.")
    tomogram: str | None
    x: float | None = Field(description="Coordinates in voxels of the tomogram, as the list gave them.")
    y: float | None
    z: float | None
    volume_url: str
    label: LabelOut | None
    prediction: PredictionOut | None = Field(description="Imported as a hint; never shown for the evaluation sample.")


class SubtomogramDetail(SubtomogramSummary):
    """A subtomogram with everything its list said."""

    rot: float | None = Field(description="Angles in degrees, intrinsic ZYZ.")
    tilt: float | None
    psi: float | None
    box_size: int
    voxel_size_angstrom: float | None
    columns: dict[str, str] = Field(description="Every column of the list, as text.")
