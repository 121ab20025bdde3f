"""What an acquisition function needs of a cycle's settings: announced as JSON schemas, so the service refuses alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS

AVERAGING_METHODS = ("tod", "mean-model")


@dataclass(frozen=True)
class Requirement:
    """Settings that fulfil a need, as a JSON schema, and a sentence for who has others."""

    schema: dict[str, Any]
    reason: str


def _setting(group: str, name: str, condition: dict[str, Any]) -> dict[str, Any]:
    """Schema: the setting `group.name` meets a condition."""
    inner = {"properties": {name: condition}, "required": [name]}
    return {"properties": {group: inner}, "required": [group]}


def _average(kind: str, of_method: str) -> dict[str, Any]:
    """Schema: training keeps this average; one training method does so by itself, whatever is set."""
    by_method = _setting("training", "method", {"const": of_method})
    others = _setting("training", "method", {"enum": [each for each in AVERAGING_METHODS if each != of_method]})
    asked = {**_setting("training", "average", {"const": kind}), "not": others}
    return {"anyOf": [by_method, asked]}


REQUIREMENTS: dict[str, Requirement] = {
    "dropout": Requirement(
        _setting("network", "dropout", {"exclusiveMinimum": 0}),
        "it compares passes with dropout, and network.dropout is 0: set it to 0.2, say.",
    ),
    "loss_module": Requirement(
        _setting("network", "loss_module", {"const": True}),
        "it reads the module that predicts losses: set network.loss_module to true.",
    ),
    "moving_average": Requirement(
        _average("ema", of_method="tod"),
        "it compares with the moving average of the weights: set training.average to ema, or training.method to tod.",
    ),
    "mean_weights": Requirement(
        _average("mean", of_method="mean-model"),
        "it compares with the mean of the weights: set training.average to mean, or training.method to mean-model.",
    ),
}
"""By need (`acquisition.function.Need`). Needs that are not here are met by every cycle with a model."""


def unmet_requirement(acquisition: str, settings: Mapping[str, Any]) -> str | None:
    """Why the acquisition function cannot work with these complete settings, as a sentence; None where it can."""
    function = ACQUISITION_FUNCTIONS.get(acquisition)
    for need in sorted(function.needs) if function else []:
        requirement = REQUIREMENTS.get(need)
        if requirement is not None and not Draft202012Validator(requirement.schema).is_valid(settings):
            return f"{acquisition} cannot work here: {requirement.reason}"
    return None
