"""Settings of scoring the pool. Free of torch, so that they can be validated and shown anywhere."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ScoringSettings(BaseModel):
    """How the pool is scored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Literal["needed", "all"] = Field(
        default="needed",
        description="needed: what the acquisition function reads; all: every score, at about three times the time.",
    )
    gradnorm_reduction: Literal["global", "per-tensor"] = Field(
        default="global",
        description="global: one norm over all weights, as the paper writes it; per-tensor: the sum of the norms of "
        "each weight tensor, as its release computes it.",
    )
    cod_output: Literal["probabilities", "logits"] = Field(
        default="probabilities",
        description="What cod compares: softmax outputs, as TOD's release does, or logits, as the paper's formula is.",
    )
    batch_size: int = Field(default=64, ge=1, le=4096, description="Volumes scored at once.")
    gradient_scratch_megabytes: int = Field(
        default=512, ge=16, le=65_536, description="Bound of the extra memory that exact gradient norms may take."
    )
