"""The networks on offer, by id. A new one is a settings class, a module, and a line here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from tomosift_worker.networks.ac3d import AC3D
from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.networks.resnet3d import ResNet3D
from tomosift_worker.networks.settings import NetworkSettings


@dataclass(frozen=True)
class NetworkEntry:
    """A network as the interface and the docs show it."""

    id: str
    title: str
    description: str
    source: str
    build: Callable[[Any, int], VolumeClassifier]


NETWORKS: dict[str, NetworkEntry] = {
    entry.id: entry
    for entry in (
        NetworkEntry(
            id="resnet3d",
            title="ResNet-18, 3D",
            description="Residual convolutional network; width and stem stride fit it to the box and the machine.",
            source="Wang et al., AAAI 2022, appendix A.5 (gradnorm); He et al., CVPR 2016",
            build=ResNet3D,
        ),
        NetworkEntry(
            id="ac3d",
            title="3D autoencoding classifier",
            description="An encoder shared by a decoder, which learns from unlabeled volumes, and a classifier.",
            source="Liu et al., Semi-supervised macromolecule structural classification (AC3D), fig. 2",
            build=AC3D,
        ),
    )
}


def build_network(settings: NetworkSettings, class_count: int, seed: int) -> VolumeClassifier:
    """A freshly initialised network; the same seed gives the same weights. torch's own generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[settings.kind].build(settings, class_count)
