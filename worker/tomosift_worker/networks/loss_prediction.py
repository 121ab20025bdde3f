"""The side module of LL4AL (Yoo and Kweon, CVPR 2019): predicts a volume's loss from the network's inner features."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

HIDDEN = 128


class LossPrediction(nn.Module):
    """Each stage's features are averaged over voxels and go through a layer of 128 with ReLU; one number reads all.

    The last layer has no bias: it is trained by the order of losses, which a constant does not change.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(nn.Linear(each, HIDDEN) for each in channels)
        self.read = nn.Linear(HIDDEN * len(channels), 1, bias=False)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Feature maps `(n, C, ...)` of each stage to predicted losses `(n,)`, in no unit."""
        parts = [
            torch.relu(layer(each.flatten(2).mean(dim=2))) for layer, each in zip(self.stages, features, strict=True)
        ]
        predicted: Tensor = self.read(torch.cat(parts, dim=1)).squeeze(1)
        return predicted
