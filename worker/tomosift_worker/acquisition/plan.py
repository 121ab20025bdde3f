"""The automatic plan: from what is typical, by way of the rare classes, to what is uncertain, as labels grow."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.badge import BADGE
from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.even_classes import EVEN_CLASSES
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.settings import SelectionSettings
from tomosift_worker.acquisition.typiclust import TYPICLUST

AUTO = "auto"
AUTO_TITLE = "Automatic"
AUTO_DESCRIPTION = (
    "Chooses by what is labeled: typical volumes before there is a model, then those of rare classes, then varied ones."
)
AUTO_SOURCE = "Hacohen, Dekel and Weinshall, ICML 2022 (typical first, uncertain later)"
EVEN_SHARE = 0.5
"""Labels are even where each class has at least this part of the average."""

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
    fewest = int(labels_by_class.min())
    if fewest < EVEN_SHARE * labels / classes:
        why = f"Of {labels} labels the rarest of {classes} classes has {fewest}, and each must be seen often enough."
        return Plan(EVEN_CLASSES, selection, why, is_automatic=True)
    why = f"With {labels} labels spread over {classes} classes the model's gradients tell what would teach it most."
    return Plan(BADGE, selection, why, is_automatic=True)
