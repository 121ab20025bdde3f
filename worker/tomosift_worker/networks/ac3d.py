"""The 3D autoencoding classifier of Liu et al. ("AC3D", fig. 2): an encoder shared by a decoder and a classifier.

The paper's pools have stride 1 in the caption and 2 in the shapes and in the mirrored decoder; here 2. The width of the
classifier's hidden layer is not stated; here 128, as in the authors' release. The linear layers read whole maps,
so that a network serves one box size. Boxes that no power of two fits are padded inside with zeros (the mean of a
prepared volume), and reconstructions cropped to the box again.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from tomosift_worker.networks.classifier import VolumeClassifier, check_volume_batch
from tomosift_worker.networks.loss_prediction import LossPrediction
from tomosift_worker.networks.settings import AC3DSettings

# The paper: two levels for 28 voxels, two more for 64.
LARGEST_BOX_OF_TWO_LEVELS = 40


class AC3D(VolumeClassifier):
    """Encoder, decoder and classifier for boxes of `settings.box_size` voxels.

    The classifier reads the last pooled feature maps: batch norm, a hidden layer with ReLU, and the head. Its hidden
    layer is the embedding, since it is what the head reads. `encode` gives the code that the decoder reads.
    """

    def __init__(self, settings: AC3DSettings, class_count: int) -> None:
        super().__init__()
        if class_count < 2:
            raise ValueError(f"a classifier needs at least 2 classes, got {class_count}")
        if settings.box_size is None:
            raise ValueError("ac3d is built for one box size; set network.box_size")
        self.box_size, width = settings.box_size, settings.width
        levels = 2 if self.box_size <= LARGEST_BOX_OF_TWO_LEVELS else 4
        self.padded_size = -(-self.box_size // 2**levels) * 2**levels
        self._map_shape = (width, *3 * [self.padded_size // 2**levels])
        features = width * self._map_shape[1] ** 3
        self.encoder = nn.ModuleList(_convolution(1 if level == 0 else width, width) for level in range(levels))
        self.to_code = nn.Linear(features, settings.code_size)
        self.from_code = nn.Linear(settings.code_size, features)
        self.decoder = nn.ModuleList(_convolution(width, width if level else 1) for level in reversed(range(levels)))
        self.normalise = nn.BatchNorm3d(width)
        self.hidden = nn.Linear(features, settings.hidden_size)
        self.embedding_size = settings.hidden_size
        self.head = nn.Linear(settings.hidden_size, class_count)
        self.dropout_rate = settings.dropout
        if settings.loss_module:
            self.loss_module = LossPrediction([width] * levels)

    def embed_in_stages(self, volumes: Tensor) -> tuple[Tensor, list[Tensor]]:
        """`(n, 1, z, y, x)` to `(n, hidden_size)` and the pooled feature maps of each level."""
        stages = self.encode_in_stages(volumes)
        return self.embed_maps(stages[-1]), stages

    def encode_in_stages(self, volumes: Tensor) -> list[Tensor]:
        """The pooled feature maps `(n, width, ...)` of each level, which classifier and decoder share."""
        check_volume_batch(volumes)
        if tuple(volumes.shape[2:]) != 3 * (self.box_size,):
            raise ValueError(
                f"this network is for boxes of {self.box_size} voxels, not {tuple(volumes.shape[2:])}; "
                "train one with network.box_size of yours"
            )
        before = (self.padded_size - self.box_size) // 2
        after = self.padded_size - self.box_size - before
        maps, stages = functional.pad(volumes, 3 * (before, after)), []
        for convolution in self.encoder:
            maps = functional.max_pool3d(torch.relu(convolution(maps)), 2)
            stages.append(maps)
        return stages

    def embed_maps(self, maps: Tensor) -> Tensor:
        """The last level's maps to embeddings `(n, hidden_size)`."""
        return torch.relu(self.hidden(self.normalise(maps).flatten(1)))

    def encode_maps(self, maps: Tensor) -> Tensor:
        """The last level's maps to codes `(n, code_size)`."""
        code: Tensor = self.to_code(maps.flatten(1))
        return code

    def decode(self, codes: Tensor) -> Tensor:
        """Codes `(n, code_size)` to volumes `(n, 1, z, y, x)` of the network's box."""
        maps = torch.relu(self.from_code(codes)).reshape(-1, *self._map_shape)
        for level, convolution in enumerate(self.decoder, start=1):
            maps = convolution(functional.interpolate(maps, scale_factor=2.0, mode="nearest"))
            if level < len(self.decoder):
                maps = torch.relu(maps)
        start = (self.padded_size - self.box_size) // 2
        inside = slice(start, start + self.box_size)
        return maps[:, :, inside, inside, inside]

    def encode(self, volumes: Tensor) -> Tensor:
        """`(n, 1, z, y, x)` to codes `(n, code_size)`."""
        return self.encode_maps(self.encode_in_stages(volumes)[-1])

    def reconstruct(self, volumes: Tensor) -> Tensor:
        """`(n, 1, z, y, x)` prepared volumes as the autoencoder gives them back: with less noise."""
        return self.decode(self.encode(volumes))


def _convolution(channels_in: int, channels_out: int) -> nn.Conv3d:
    return nn.Conv3d(channels_in, channels_out, kernel_size=3, padding=1)
