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
    dropout_passes: int = Field(
        default=50, ge=2, le=1000, description="How many times dropout is drawn anew (mc-dropout and bald)."
    )
    probcover_radius: float | None = Field(
        default=None,
        gt=0.0,
        le=2.0,
        description="How far a pick covers, between embeddings of length 1 (probcover). Empty: as far as 95 % of the "
        "neighbourhoods are of one group.",
    )
    probcover_classes: int = Field(
        default=10,
        ge=2,
        le=1000,
        description="Into how many groups the pool is divided to find that radius (probcover).",
    )


class SelectionSettings(BaseModel):
    """Rules for the batch that go with every acquisition function."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    diversify: Literal["none", "k-center", "cluster-margin"] = Field(
        default="none",
        description="Keep look-alikes out of the batch. k-center: of the best by score, those unlike one another; "
        "cluster-margin: one of each group of look-alikes in turn. Strategies such as core-set do so by themselves.",
    )
    beta: float = Field(
        default=10.0, ge=1.0, le=1000.0, description="How many times the batch the best by score are (diversify)."
    )
    tomogram_cap: int | None = Field(
        default=None, ge=1, description="At most so many of a batch from one tomogram; empty sets no limit."
    )
    stratify: bool = Field(
        default=False, description="Take equally many of each class that the model sees, as far as there are."
    )
