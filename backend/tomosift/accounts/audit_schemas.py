"""Wire type of the audit log."""

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class AuditEventOut(BaseModel):
    """Something somebody did."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": 17,
                "at": "2026-11-20T12:00:00Z",
                "actor": "ada",
                "actor_id": "0b0e6a0c-6a52-4f0b-9a51-0d4d5a3f9f63",
                "action": "role.given",
                "target": "bob",
                "project": "ribosomes",
                "details": {"role": "annotator", "before": None},
            }
        }
    )

    id: int
    at: datetime
    actor: str = Field(description="The name they had then.")
    actor_id: uuid.UUID | None = Field(description="null: the service itself, or somebody not signed in.")
    action: str = Field(description="`thing.deed`.")
    target: str
    project: str | None = Field(description="The project's short name.")
    details: dict[str, Any]
