"""Settings of preprocessing and training. Free of torch, so that they can be validated and shown anywhere."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class PreprocessingSettings(BaseModel):
    """What is done to each volume before a network sees it: in training, evaluation and scoring alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low_pass_sigma_voxels: float = Field(
        default=1.0,
        ge=0.0,
        le=8.0,
        description="Standard deviation, in voxels, of the Gaussian that smooths each volume. 0 leaves it as it is.",
    )
    kept_band: float = Field(
        default=1.0,
        gt=0.0,
        le=1.0,
        description="Share of the frequencies of each axis that is kept, from zero on; the box then has this share of "
        "its voxels a side, and training takes so much less time. 1 leaves it as it is.",
    )


class TrainingSettings(BaseModel):
    """How a network is trained on the labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["supervised", "tod", "mean-model", "ac3d", "pretrained", "self-trained"] = Field(
        default="supervised",
        description="supervised: labels only. The others also learn from unlabeled volumes; ac3d and pretrained need "
        "the network ac3d.",
    )
    steps: int = Field(default=500, ge=1, le=1_000_000, description="Number of weight updates.")
    epochs: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Passes over the labeled volumes; where given, it replaces steps.",
    )
    batch_size: int = Field(
        default=24,
        ge=2,
        le=4096,
        description="Labeled volumes a step, and as many unlabeled ones where used.",
    )
    optimizer: Literal["adamw", "adam", "sgd"] = Field(
        default="adamw", description="AdamW, Adam (decay as a part of the gradient), or SGD with momentum."
    )
    learning_rate: float = Field(default=2e-3, gt=0.0, le=10.0, description="Largest learning rate of the schedule.")
    weight_decay: float = Field(default=1e-2, ge=0.0, le=1.0, description="Weight decay of the optimizer.")
    momentum: float = Field(default=0.9, ge=0.0, lt=1.0, description="Momentum (SGD only).")
    second_moment_decay: float = Field(
        default=0.999, ge=0.0, lt=1.0, description="Decay of the second moment (Adam and AdamW)."
    )
    schedule: Literal["cosine", "step", "constant"] = Field(
        default="cosine",
        description="cosine: rises over the first 10 % of the steps, then falls to zero; step: a tenth after 80 %.",
    )
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=1.0, description="Share of the target spread over classes.")
    balance: Literal["classes", "weights", "none"] = Field(
        default="classes",
        description="classes: each class appears equally often in the batches; weights: as often as it is labeled, "
        "with a loss that weighs rare classes more; none: as often as it is labeled.",
    )
    max_shift_voxels: int = Field(
        default=2, ge=0, le=16, description="Volumes are shifted at random by up to this many voxels along each axis."
    )
    symmetry: Literal["none", "half-turns", "mirrors"] = Field(
        default="half-turns",
        description="Random half turns about the axes keep the missing wedge and the hand; mirrors also flip the hand.",
    )
    subvoxel_shifts: bool = Field(
        default=False, description="Shift by a random part of a voxel too, up to half a one along each axis."
    )
    free_rotation: bool = Field(
        default=False, description="Turn volumes to any orientation and take the tilt series' missing wedge out again."
    )
    lowest_tilt_degrees: float = Field(default=-60.0, ge=-90.0, le=0.0, description="Lowest tilt of the tilt series.")
    highest_tilt_degrees: float = Field(default=60.0, ge=0.0, le=90.0, description="Highest tilt of the tilt series.")
    narrower_tilts_degrees: float = Field(
        default=0.0, ge=0.0, le=60.0, description="Random wedge: take up to this much from each end of the tilt range."
    )
    low_pass_jitter_voxels: float = Field(
        default=0.0, ge=0.0, le=8.0, description="Smooth further by a Gaussian of a random sigma up to this, in voxels."
    )
    contrast_jitter: float = Field(
        default=0.0, ge=0.0, le=2.0, description="Multiply by exp(u), u random between minus and plus this."
    )
    noise_jitter: float = Field(
        default=0.0,
        ge=0.0,
        le=4.0,
        description="Add noise of the volume's own spectrum, up to this times its strength.",
    )
    validation_share: float = Field(
        default=0.0,
        ge=0.0,
        le=0.5,
        description="Share of the labels kept back to stop early by (never of the evaluation sample). 0: never stop.",
    )
    patience: int = Field(
        default=5, ge=1, le=100, description="Early stopping: looks (20 a training) without gain after which it ends."
    )
    unlabeled_weight: float = Field(
        default=0.05, ge=0.0, le=100.0, description="Weight of the discrepancy on unlabeled volumes (tod, mean-model)."
    )
    reconstruction_weight: float = Field(
        default=1.0, ge=0.0, le=1000.0, description="Weight alpha of the reconstruction of labeled volumes (ac3d)."
    )
    classification_weight: float = Field(
        default=1.0, ge=0.0, le=1000.0, description="Weight beta of the classification loss (ac3d)."
    )
    code_penalty: float = Field(
        default=1e-4, ge=0.0, le=1.0, description="Weight of the sum of absolute code values (ac3d, pretrained)."
    )
    pretraining_share: float = Field(
        default=0.5, gt=0.0, lt=1.0, description="Share of the steps that the autoencoder has first (pretrained)."
    )
    pseudo_label_threshold: float = Field(
        default=0.95,
        ge=0.0,
        le=1.0,
        description="Least confidence at which a predicted class is a label (self-trained).",
    )
    pseudo_label_rounds: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="How often unlabeled volumes are classified in a training (self-trained).",
    )
    pseudo_label_sample: int = Field(
        default=1000, ge=1, le=1_000_000, description="How many random unlabeled volumes each round looks at."
    )
    average: Literal["none", "ema", "mean"] = Field(
        default="none",
        description="Keep an average of the weights beside them: ema, an exponential moving one, which "
        "tod-ema compares with; mean, the uniform one, for mean-model.",
    )
    average_decay: float = Field(
        default=0.999, ge=0.0, lt=1.0, description="How much of the moving average each step keeps (ema)."
    )
    final_weights: Literal["last", "average"] = Field(
        default="last", description="Whether the model is the last weights or their average; then average must be kept."
    )
    warm_start: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Start from the previous cycle's weights. auto: where the acquisition function is cod.",
    )
    warm_share: float = Field(
        default=1.0,
        gt=0.0,
        le=1.0,
        description="Share of the steps (or epochs) that a training from the previous cycle's weights takes.",
    )
    processes: int = Field(
        default=1,
        ge=1,
        le=64,
        description="How many processes train together, each on a GPU of its own with its share of every batch. On a "
        "computer without a GPU they share its cores.",
    )
    checkpoint_seconds: float = Field(
        default=15.0, gt=0.0, le=3600.0, description="Time between checkpoints from which a lost training goes on."
    )

    @model_validator(mode="after")
    def _has_what_it_names(self) -> Self:
        if self.final_weights == "average" and self.averaging == "none":
            raise ValueError("final_weights is average, but no average is kept; set average to ema or mean")
        if self.processes > self.batch_size:
            raise ValueError(f"{self.processes} processes cannot share batches of {self.batch_size} volumes")
        return self

    @property
    def averaging(self) -> Literal["none", "ema", "mean"]:
        """The average that is kept: the one asked for, or the one that the method compares with."""
        if self.method == "tod":
            return "ema"
        return "mean" if self.method == "mean-model" else self.average

    def from_warm_start(self) -> Self:
        """The settings of a training that starts from the previous cycle's weights."""
        epochs = None if self.epochs is None else max(1, round(self.warm_share * self.epochs))
        return self.model_copy(update={"steps": max(1, round(self.warm_share * self.steps)), "epochs": epochs})
