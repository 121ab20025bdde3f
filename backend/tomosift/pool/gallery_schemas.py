"""Wire types of the gallery."""

import uuid
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tomosift.pool.schemas import LabelOut


class GalleryPrediction(BaseModel):
    """What the serving model says of a subtomogram."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["class", "junk"] | None = Field(description="Null where its class is retired by now.")
    class_id: uuid.UUID | None
    confidence: float = Field(description="From 0 to 1, calibrated where the cycle could.")
    score: float | None = Field(description="Of the cycle's acquisition: how much is to be learned from a label.")
    unlike: float | None = Field(description="How unlike all classes it is, from 0 to 1.")


class GalleryItem(BaseModel):
    """A subtomogram in the gallery."""

    id: int
    name: str
    tomogram: str | None
    content_hash: str = Field(description="Names the voxels; its first 8 digits go with the id to `tiles`.")
    volume_url: str
    label: LabelOut | None = Field(description="If there is one that you may see.")
    prediction: GalleryPrediction | None = Field(
        description="Of the evaluation sample only where you may see the item's label."
    )
    in_evaluation_sample: bool = Field(description="It measures accuracy: decided by the queue alone, never in bulk.")


class ServedModel(BaseModel):
    """Whose predictions are shown."""

    cycle_number: int | None = Field(description="Null while there is no model.")
    state: Literal["ready", "preparing", "none"] = Field(
        description="`preparing`: a job is about to write them; `none`: no cycle has made a model yet."
    )


class GalleryPage(BaseModel):
    """A page of the gallery."""

    items: list[GalleryItem]
    next: str | None = Field(description="Give it as `after` to get the next page; null at the end.")
    model: ServedModel


class GalleryCount(BaseModel):
    """How many there are."""

    model_config = ConfigDict(json_schema_extra={"example": {"count": 100000, "is_capped": True, "before": None}})

    count: int
    is_capped: bool = Field(description="There are more: a filtered view is counted up to 100,000.")
    before: int | None = Field(description="How many come before the value asked for: the rank to go to.")
