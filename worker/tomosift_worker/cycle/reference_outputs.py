"""What cod compares with: the outputs of the cycle before, or of the initial weights in the first cycle."""

import json

import numpy as np
from numpy.typing import NDArray

from tomosift.kit.artifacts import ArtifactMissing, ArtifactUnreadable
from tomosift_worker.acquisition.pool_pass import ReferenceOutputs
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.model_files import StoredModel, class_keys
from tomosift_worker.cycle.starting_point import previous_model, starting_point
from tomosift_worker.device import place
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.class_transfer import transfer


def reference_outputs(context: CycleContext) -> ReferenceOutputs:
    """The stored outputs of the cycle before, and its model for items that have none (TOD eq. 5)."""
    model = _reference_model(context)
    place(model.network, context.device).eval()
    return ReferenceOutputs(
        compute=lambda volumes: model.network(model.prepare(volumes)), stored=_stored_logits(context, model)
    )


def _reference_model(context: CycleContext) -> StoredModel:
    previous, classes = previous_model(context), context.snapshot.training.classes
    if previous is None:
        context.job.log("There is no earlier model: outputs are compared with those of the initial weights.")
        return starting_point(context).model
    if class_keys(previous.classes) == class_keys(classes):
        return previous
    # The same network with a head for the classes of today, so that outputs compare.
    context.job.log("The classes have changed: the earlier model is compared with an untrained output for new ones.")
    network = build_network(previous.settings, len(classes), context.seed)
    transfer(previous.network, class_keys(previous.classes), network, class_keys(classes))
    return StoredModel(network, previous.settings, previous.preprocessing, classes)


def _stored_logits(context: CycleContext, model: StoredModel) -> dict[int, NDArray[np.floating]]:
    previous = context.snapshot.previous
    if previous is None or previous.scores_key is None:
        return {}
    try:
        described = context.artifacts.read_tensor_metadata(previous.scores_key).get("classes", "[]")
        if class_keys(json.loads(described)) != class_keys(model.classes):
            return {}
        columns = context.artifacts.read_tensors(previous.scores_key)
    except (ArtifactMissing, ArtifactUnreadable) as error:
        context.job.log(f"The outputs of the cycle before are computed again: {error}.", "warning")
        return {}
    return dict(zip(columns["item_ids"].tolist(), columns["logits"], strict=True))
