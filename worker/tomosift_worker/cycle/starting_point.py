"""The network before training: fresh from the seed, or warm from an earlier cycle."""

from dataclasses import dataclass

from tomosift.kit.artifacts import ArtifactMissing, ArtifactUnreadable
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.model_files import StoredModel, class_keys, read_model
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.class_transfer import transfer
from tomosift_worker.networks.settings import same_weights_fit


@dataclass(frozen=True)
class StartingPoint:
    """The initial model, in words where its weights come from, and the number of the cycle they are of (None: none)."""

    model: StoredModel
    origin: str
    weights_of: int | None = None


def starting_point(context: CycleContext) -> StartingPoint:
    """The initial model of a cycle: the same in every attempt."""
    settings, classes = context.settings, context.snapshot.training.classes
    network = build_network(settings.network, len(classes), context.seed)
    model = StoredModel(network, settings.network, settings.preprocessing, classes)
    if not settings.starts_warm:
        return StartingPoint(model, "Training starts from random weights.")
    number = context.snapshot.previous.number if context.snapshot.previous else None
    previous = previous_model(context)
    if previous is None:
        return StartingPoint(model, "Training starts from random weights: there is no earlier model to go on from.")
    if not same_weights_fit(previous.settings, settings.network):
        return StartingPoint(model, "Training starts from random weights: the earlier model is another network.")
    transfer(previous.network, class_keys(previous.classes), network, class_keys(classes))
    if class_keys(previous.classes) == class_keys(classes):
        return StartingPoint(model, f"Training goes on from the weights of cycle {number}.", number)
    return StartingPoint(
        model,
        f"Training goes on from the weights of cycle {number}; classes new to it start from random weights.",
        number,
    )


def previous_model(context: CycleContext) -> StoredModel | None:
    """The model of the cycle to go on from, if there is one that can be read."""
    previous = context.snapshot.previous
    if previous is None:
        return None
    try:
        return read_model(context.artifacts, previous.key)
    except (ArtifactMissing, ArtifactUnreadable) as error:
        context.job.log(f"The model of cycle {previous.number} is left out: {error}.", "warning")
        return None
