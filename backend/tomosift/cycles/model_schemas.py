"""Wire types of what is done with models: which one serves, where one comes from, what two say differently."""

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tomosift.cycles.quality_schemas import LabelSaid


class ServingModel(BaseModel):
    """Whose predictions are shown and exported, and from which the next cycle goes on."""

    cycle: int | None = Field(description="The cycle whose model serves; null while there is no model.")
    newest_cycle: int | None = Field(description="The newest cycle with a model.")
    chosen_by: str | None = Field(description="Who went back to it; null where it serves because it is the newest.")
    chosen_at: datetime | None


class ServingModelIn(BaseModel):
    """The model that shall serve."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"cycle": 3}})

    cycle: int = Field(ge=1, lt=2**31, description="A cycle that is ready and has a model.")


class LineageLabels(BaseModel):
    """The labels a cycle saw."""

    up_to_event: int = Field(description="Events up to this one, and no later.")
    rule: str = Field(description="What made one label of several opinions.")
    class_set_version: int
    training: int | None
    evaluation: int | None
    checksum: str | None = Field(
        description="Of the labels as the worker read them; null for cycles of older versions."
    )


class LineageSource(BaseModel):
    """An imported list that was in the pool at the launch."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    format: str
    particles: int
    checksum: str
    imported_at: datetime


class LineageCode(BaseModel):
    """The programs that did the work."""

    versions: dict[str, str]
    checksum: str | None = Field(description="Of Tomosift's own source; null for cycles of older versions.")
    device: str | None


class LineageModel(BaseModel):
    """The model a cycle made."""

    id: uuid.UUID
    checksum: str = Field(description="Of the weights.")
    network: str
    parameters: int
    classes: list[str]


class LineageAncestor(BaseModel):
    """A cycle before, from the nearest on."""

    cycle: int
    training_labels: int | None
    model_checksum: str | None


class Lineage(BaseModel):
    """All that made a cycle's results: enough to say where a figure in a paper comes from, and to do it again."""

    format: Literal["tomosift-lineage-1"] = "tomosift-lineage-1"
    project: str
    cycle: int
    stage: str
    launched_at: datetime
    finished_at: datetime | None
    launched_by: str | None = Field(description="The person, or who set what launched it; null if they are gone.")
    reason: str
    settings: dict[str, Any]
    labels: LineageLabels
    sources: list[LineageSource]
    code: LineageCode
    model: LineageModel | None
    began_with_weights_of: int | None = Field(description="The cycle whose weights training began with; null: none.")
    ancestors: list[LineageAncestor] = Field(description="The cycles it follows on, the nearest first; at most 100.")


class ClassMove(BaseModel):
    """Particles that one model calls something and the other something else."""

    was: LabelSaid
    now: LabelSaid
    count: int


class ClassChanges(BaseModel):
    """What two models say differently of the particles both have scored, the evaluation sample left out."""

    before: int = Field(description="The one cycle.")
    after: int = Field(description="The other.")
    compared: int = Field(description="Particles that both have scored.")
    changed: int
    moves: list[ClassMove] = Field(description="Most particles first.")


class ChangedParticles(BaseModel):
    """The particles of one change of class."""

    count: int
    subtomogram_ids: list[int] = Field(description="At most 5,000, those first of which the later cycle is surest.")
