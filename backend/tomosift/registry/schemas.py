"""Wire types of the registry: models, and what workers can do."""

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ModelOut(BaseModel):
    """A trained network."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "f7c1c7a4-4b8e-4b39-9a53-2f2d1c1f4a11",
                "cycle_number": 3,
                "network": "resnet3d",
                "parameter_count": 1274886,
                "classes": [{"kind": "class", "id": "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c111", "name": "barrel"}],
                "checksum": "blake2b:9f2c…",
                "description": {"training": {"steps": 300}},
                "created_at": "2026-11-20T12:00:00Z",
            }
        }
    )

    id: uuid.UUID
    cycle_number: int
    network: str
    parameter_count: int
    classes: list[dict[str, Any]] = Field(description="What its outputs mean, in order.")
    checksum: str = Field(description="Of the weights file.")
    description: dict[str, Any]
    created_at: datetime


class AcquisitionOut(BaseModel):
    """A way to choose what to ask next."""

    id: str
    title: str
    description: str
    needs: list[str] = Field(description="What must be there for it to work.")
    source: str


class PresetOut(BaseModel):
    """A named set of cycle settings."""

    id: str
    title: str
    description: str
    settings: dict[str, Any]


class ListFormatOut(BaseModel):
    """A format of particle lists that imports read."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    title: str


class CatalogueOut(BaseModel):
    """What the workers can do, and what imports read."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "workers_seen": 1,
                "acquisition": [
                    {
                        "id": "entropy",
                        "title": "Entropy",
                        "description": "Asks what the model is least sure of.",
                        "needs": [],
                        "source": "Shannon 1948",
                    }
                ],
                "presets": [
                    {"id": "cpu-quick", "title": "Quick, CPU", "description": "Seconds.", "settings": {"version": 1}}
                ],
                "settings_schema": {"type": "object"},
                "default_preset": "cpu-quick",
                "list_formats": [{"key": "relion", "title": "RELION STAR"}],
                "reason": None,
            }
        }
    )

    workers_seen: int = Field(description="Training workers that gave a sign of life in the last 30 seconds.")
    acquisition: list[AcquisitionOut]
    presets: list[PresetOut]
    settings_schema: dict[str, Any] | None = Field(description="JSON schema of a cycle's settings.")
    default_preset: str | None
    list_formats: list[ListFormatOut] = Field(description="The formats of particle lists, as an import names them.")
    reason: str | None = Field(description="Why the lists are empty, or why nothing will run now.")
