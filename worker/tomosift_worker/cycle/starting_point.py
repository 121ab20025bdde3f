"""The network before training: fresh from the seed, or warm from the cycle before."""

from dataclasses import dataclass

from tomosift.kit.artifacts import ArtifactMissing, ArtifactUnreadable
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.model_files import StoredModel, class_keys, read_model
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.class_transfer import transfer
from tomosift_worker.networks.settings import same_weights_fit


@dataclass(frozen=True)
class StartingPoint:
    """The initial model, in words where its weights come from, and whether that is the cycle before."""

    model: StoredModel
    origin: str
    is_warm: bool = False


def starting_point(context: CycleContext) -> StartingPoint:
    """The initial model of a cycle: the same in every attempt."""
    settings, classes = context.settings, context.snapshot.training.classes
    network = build_network(settings.network, len(classes), context.seed)
    model = StoredModel(network, settings.network, settings.preprocessing, classes)
    if not settings.starts_warm:
        return StartingPoint(model, "Training starts from random weights.")
    previous = previous_model(context)
    if previous is None:
        return StartingPoint(model, "Training starts from random weights: there is no earlier model to go on from.")
    if not same_weights_fit(previous.settings, settings.network):
        return StartingPoint(model, "Training starts from random weights: the earlier model is another network.")
    transfer(previous.network, class_keys(previous.classes), network, class_keys(classes))
    if class_keys(previous.classes) == class_keys(classes):
        return StartingPoint(model, "Training goes on from the weights of the cycle before.", is_warm=True)
    return StartingPoint(
        model,
        "Training goes on from the weights of the cycle before; classes new to it start from random weights.",
        is_warm=True,
    )


def previous_model(context: CycleContext) -> StoredModel | None:
    """The model of the cycle before, if there is one that can be read."""
    previous = context.snapshot.previous
    if previous is None:
        return None
    try:
        return read_model(context.artifacts, previous.key)
    except (ArtifactMissing, ArtifactUnreadable) as error:
        context.job.log(f"The model of the cycle before is left out: {error}.", "warning")
        return None
