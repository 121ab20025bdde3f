"""What a map's answer says beside its columns."""

import uuid
from typing import Any, Literal

from pydantic import BaseModel, Field


class MapValue(BaseModel):
    """What the numbers of the columns `label` and `prediction` stand for: their places in `values`."""

    kind: Literal["class", "junk", "unsure"]
    class_id: uuid.UUID | None = None
    name: str
    color: str | None = None


class BetterMap(BaseModel):
    """The job that makes, or failed to make, the map by UMAP."""

    job_id: uuid.UUID
    state: Literal["queued", "running", "failed", "cancelled"]
    progress: dict[str, Any]
    detail: str | None = None


class MapLegend(BaseModel):
    """The metadata `legend` of a map, as JSON."""

    cycle_number: int
    method: Literal["pca", "umap"]
    values: list[MapValue]
    tomograms: list[str] = Field(description="What the numbers of the column `tomogram` stand for.")
    placed: int = Field(description="Particles on the whole map.")
    shown: int = Field(description="Those in this answer.")
    withheld: int = Field(description="Of the evaluation sample, not decided by the reader, and so not in this answer.")
    is_thinned: bool
    is_calibrated: bool
    better: BetterMap | None = None
