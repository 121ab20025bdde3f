"""The automatic plan: from what is typical to what would teach most, sooner that of rare classes, as labels grow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.rare_badge import RARE_BADGE
from tomosift_worker.acquisition.settings import SelectionSettings
from tomosift_worker.acquisition.typiclust import TYPICLUST

AUTO = "auto"
AUTO_TITLE = "Automatic"
AUTO_DESCRIPTION = (
    "Typical volumes before there is a model; then varied ones that would teach it most, sooner those of rare classes."
)
AUTO_SOURCE = "Hacohen, Dekel and Weinshall, ICML 2022 (typical first, uncertain later)"
RARE_SHARE = 0.5
"""A class is called rare where it has less than this part of the average of labels."""

ACQUISITION_IDS = (AUTO, *ACQUISITION_FUNCTIONS)


@dataclass(frozen=True)
class Plan:
    """How a cycle picks. `why` is a sentence, `is_automatic` tells whether the plan chose."""

    function: AcquisitionFunction
    selection: SelectionSettings
    why: str
    is_automatic: bool


def make_plan(
    asked: str, labels_by_class: NDArray[np.int64], selection: SelectionSettings, *, has_model: bool = True
) -> Plan:
    """The function somebody asked for, or for `auto` the one that suits the labels there are.

    `labels_by_class` `(K,)` counts training labels.
    """
    if asked != AUTO:
        return Plan(ACQUISITION_FUNCTIONS[asked], selection, "The settings ask for it.", is_automatic=False)
    labels, classes = int(labels_by_class.sum()), len(labels_by_class)
    if not has_model:
        why = "There are too few labels to train on, and typical volumes teach most about a pool nobody knows yet."
        return Plan(TYPICLUST, selection, why, is_automatic=True)
    rare = int((labels_by_class < RARE_SHARE * labels / classes).sum())
    why = f"It is the plan for {labels} labels of {classes} classes{f', {rare} of them rare so far' if rare else ''}."
    return Plan(RARE_BADGE, selection, why, is_automatic=True)
