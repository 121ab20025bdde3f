"""The networks on offer, by id. A new one is a settings class, a module, and a line here."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.networks.resnet3d import ResNet3D
from tomosift_worker.networks.settings import ResNet3DSettings


@dataclass(frozen=True)
class NetworkEntry:
    """A network as the interface and the docs show it."""

    id: str
    title: str
    description: str
    source: str
    build: Callable[[ResNet3DSettings, int], VolumeClassifier]


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
    )
}


def build_network(settings: ResNet3DSettings, class_count: int, seed: int) -> VolumeClassifier:
    """A freshly initialised network; the same seed gives the same weights. torch's own generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[settings.kind].build(settings, class_count)
