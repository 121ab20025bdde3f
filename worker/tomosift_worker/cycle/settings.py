"""The settings of a cycle, version 1. Free of torch, so that they can be validated and shown anywhere."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tomosift_worker.acquisition.plan import ACQUISITION_IDS
from tomosift_worker.acquisition.settings import ScoringSettings, SelectionSettings
from tomosift_worker.cycle.requirements import unmet_requirement
from tomosift_worker.networks.settings import NetworkSettings, ResNet3DSettings
from tomosift_worker.training.settings import PreprocessingSettings, TrainingSettings


def _with(name: str, condition: dict[str, Any]) -> dict[str, Any]:
    """Schema: an object that has `name`, which meets a condition."""
    return {"properties": {name: condition}, "required": [name]}


# The same as the validators, for the service, which checks settings by their schema.
RECONSTRUCTING: dict[str, Any] = {
    "if": {"required": ["training"], "properties": {"training": _with("method", {"enum": ["ac3d", "pretrained"]})}},
    "then": {"required": ["network"], "properties": {"network": _with("kind", {"const": "ac3d"})}},
}
AVERAGED: dict[str, Any] = {
    "if": {
        "required": ["training"],
        "properties": {
            "training": {
                **_with("final_weights", {"const": "average"}),
                "not": _with("method", {"enum": ["tod", "mean-model"]}),
            }
        },
    },
    "then": {"properties": {"training": _with("average", {"enum": ["ema", "mean"]})}},
}


def _list_functions(schema: dict[str, Any]) -> None:
    schema["enum"] = list(ACQUISITION_IDS)


class CycleSettings(BaseModel):
    """Everything that decides what a cycle does."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, title="Cycle settings", json_schema_extra={"allOf": [RECONSTRUCTING, AVERAGED]}
    )

    version: Literal[1] = Field(default=1, description="Version of this settings object.")
    preset: str | None = Field(default=None, description="The preset these settings started from.")
    batch_size: int = Field(
        default=40, ge=1, le=100_000, description="How many subtomograms the experts are asked about next."
    )
    acquisition: str = Field(
        default="auto",
        description="The acquisition function that chooses them.",
        json_schema_extra=_list_functions,
    )
    subset_size: int | None = Field(
        default=None,
        ge=1,
        description="Score only so many undecided subtomograms, drawn at random; empty scores the whole pool. Gradnorm "
        "draws about ten times the batch (its R_U), TOD scores everything.",
    )
    seed: int | None = Field(
        default=None,
        ge=0,
        lt=2**32,
        description="Fixes everything random in the cycle. Empty: it follows from the project and the cycle's number.",
    )
    network: NetworkSettings = Field(default_factory=ResNet3DSettings, description="The network.")
    denoiser: Literal["off", "on"] = Field(
        default="off",
        description="on: after the cycle a small autoencoder learns from the pool, so that volumes can be shown with "
        "less noise: a minute on two CPU cores at 28 voxels, ten at 64, in which the next cycle waits. A network that "
        "reconstructs does so itself.",
    )
    map: Literal["off", "pca", "umap"] = Field(
        default="umap",
        description="The map of the pool. pca: two principal components, there with the cycle's results. umap: that, "
        "and then a layout by neighbourhood, made after the cycle when no other cycle waits. off: none.",
    )
    preprocessing: PreprocessingSettings = Field(
        default_factory=PreprocessingSettings, description="What is done to each volume before the network sees it."
    )
    training: TrainingSettings = Field(default_factory=TrainingSettings, description="How the network is trained.")
    scoring: ScoringSettings = Field(default_factory=ScoringSettings, description="How the pool is scored.")
    selection: SelectionSettings = Field(
        default_factory=SelectionSettings, description="Rules for the batch, whatever the acquisition function."
    )

    @field_validator("acquisition")
    @classmethod
    def _known_function(cls, value: str) -> str:
        if value not in ACQUISITION_IDS:
            raise ValueError(f"{value!r} is not one of: {', '.join(ACQUISITION_IDS)}")
        return value

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if self.training.method in ("ac3d", "pretrained") and self.network.kind != "ac3d":
            raise ValueError(
                f"the training method {self.training.method} reconstructs volumes: set network.kind to ac3d"
            )
        unmet = unmet_requirement(self.acquisition, self.model_dump(mode="json"))
        if unmet is not None:
            raise ValueError(unmet)
        return self

    @property
    def starts_warm(self) -> bool:
        """Whether training starts from the previous cycle's weights.

        By default only for cod: its theory follows one continuing descent, so that after a training from scratch it
        would measure re-initialisation too (TOD, section 3).
        """
        if self.training.warm_start == "auto":
            return self.acquisition == "cod"
        return self.training.warm_start == "always"
