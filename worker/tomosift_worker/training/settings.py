"""Settings of preprocessing and training. Free of torch, so that they can be validated and shown anywhere."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PreprocessingSettings(BaseModel):
    """What is done to each volume before a network sees it: in training, evaluation and scoring alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low_pass_sigma_voxels: float = Field(
        default=1.0,
        ge=0.0,
        le=8.0,
        description="Standard deviation, in voxels, of the Gaussian that smooths each volume. 0 leaves it as it is.",
    )


class TrainingSettings(BaseModel):
    """How a network is trained on the labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["supervised"] = Field(default="supervised", description="The training method.")
    steps: int = Field(default=500, ge=1, le=1_000_000, description="Number of weight updates.")
    batch_size: int = Field(default=24, ge=2, le=4096, description="Volumes a step.")
    optimizer: Literal["adamw", "sgd"] = Field(default="adamw", description="AdamW, or SGD with momentum.")
    learning_rate: float = Field(default=2e-3, gt=0.0, le=10.0, description="Largest learning rate of the schedule.")
    weight_decay: float = Field(default=1e-2, ge=0.0, le=1.0, description="Weight decay of the optimizer.")
    momentum: float = Field(default=0.9, ge=0.0, lt=1.0, description="Momentum (SGD only).")
    schedule: Literal["cosine", "step", "constant"] = Field(
        default="cosine",
        description="cosine: rises over the first 10 % of the steps, then falls to zero; step: a tenth after 80 %.",
    )
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=1.0, description="Share of the target spread over classes.")
    balance: Literal["classes", "none"] = Field(
        default="classes",
        description="classes: each class appears equally often in the batches; none: as often as it is labeled.",
    )
    max_shift_voxels: int = Field(
        default=2, ge=0, le=16, description="Volumes are shifted at random by up to this many voxels along each axis."
    )
    symmetry: Literal["none", "half-turns", "mirrors"] = Field(
        default="half-turns",
        description="Random half turns about the axes keep the missing wedge and the hand; mirrors also flip the hand.",
    )
    average: Literal["none", "ema", "mean"] = Field(
        default="none",
        description="Keep an average of the weights beside them: ema, an exponential moving one, which "
        "tod-ema compares with; mean, the uniform one, for mean-model.",
    )
    average_decay: float = Field(
        default=0.999, ge=0.0, lt=1.0, description="How much of the moving average each step keeps (ema)."
    )
    warm_start: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Start from the previous cycle's weights. auto: where the acquisition function is cod.",
    )
    checkpoint_seconds: float = Field(
        default=15.0, gt=0.0, le=3600.0, description="Time between checkpoints from which a lost training goes on."
    )
