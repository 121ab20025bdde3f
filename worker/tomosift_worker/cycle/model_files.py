"""A trained network in the artifact store: `<key>.safetensors` (weights) and `<key>.json` (what they are)."""

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from torch import Tensor

from tomosift.kit.artifacts import ArtifactStore, ArtifactUnreadable
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.networks.settings import NetworkSettings
from tomosift_worker.training.checkpoint import CheckpointMismatch, load_weights, weights_of, with_prefix
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.settings import PreprocessingSettings

FORMAT = "tomosift-model-1"
AVERAGED = "averaged."

_NETWORK_SETTINGS: TypeAdapter[NetworkSettings] = TypeAdapter(NetworkSettings)


@dataclass(frozen=True)
class StoredModel:
    """A network with what belongs to it: its settings, its preprocessing, what its outputs mean.

    `averaged` is the same network with the average of its weights along the training, where that was kept.
    """

    network: VolumeClassifier
    settings: NetworkSettings
    preprocessing: PreprocessingSettings
    classes: list[dict[str, Any]]
    averaged: VolumeClassifier | None = None

    def prepare(self, volumes: Tensor) -> Tensor:
        """Raw volumes `(n, 1, z, y, x)` to what this network takes."""
        return prepare(volumes, self.preprocessing)


def class_keys(classes: Sequence[dict[str, Any]]) -> list[Hashable]:
    """What identifies each class of a model, whatever it is called: its id, None for junk."""
    return [each["id"] for each in classes]


def write_model(store: ArtifactStore, key: str, model: StoredModel, description: dict[str, Any]) -> str:
    """Store a model; returns the checksum of its weights file.

    `description` may say more about it. The weights file holds nothing but the weights, so equal weights give equal
    files.
    """
    weights = weights_of(model.network)
    if model.averaged is not None:
        weights |= {AVERAGED + name: array for name, array in weights_of(model.averaged).items()}
    store.write_tensors(f"{key}.safetensors", weights, {"format": FORMAT})
    store.write_json(
        f"{key}.json",
        {
            **description,
            "format": FORMAT,
            "network": model.settings.model_dump(),
            "preprocessing": model.preprocessing.model_dump(),
            "classes": model.classes,
        },
    )
    digest = hashlib.blake2b(store.read_bytes(f"{key}.safetensors"), digest_size=16).hexdigest()
    return f"blake2b:{digest}"


def read_model(store: ArtifactStore, key: str) -> StoredModel:
    """A stored model, on the CPU. Raises ArtifactMissing, ArtifactUnreadable."""
    description = store.read_json(f"{key}.json")
    weights = store.read_tensors(f"{key}.safetensors")
    try:
        settings = _NETWORK_SETTINGS.validate_python(description["network"])
        preprocessing = PreprocessingSettings.model_validate(description["preprocessing"])
        classes = list(description["classes"])
        network = build_network(settings, len(classes), seed=0)
        load_weights(network, {name: array for name, array in weights.items() if not name.startswith(AVERAGED)})
        averaged = None
        if of_average := with_prefix(weights, AVERAGED):
            averaged = build_network(settings, len(classes), seed=0)
            load_weights(averaged, of_average)
    except (KeyError, TypeError, ValueError, CheckpointMismatch) as error:
        raise ArtifactUnreadable(f"the model {key!r} cannot be used: {error}") from error
    return StoredModel(network, settings, preprocessing, classes, averaged)
