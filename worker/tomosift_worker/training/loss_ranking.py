"""How LL4AL's side module is trained: by the order of the losses of two volumes (Yoo and Kweon, CVPR 2019, eq. 2)."""

import torch
from torch import Tensor

MARGIN = 1.0
WEIGHT = 1.0
# After this share of the steps the module no longer trains the trunk: 120 of the 200 epochs of the paper.
DETACHED_AFTER = 0.6


def ranking_loss(predicted: Tensor, losses: Tensor) -> Tensor:
    """max(0, -sign(l_i - l_j) (p_i - p_j) + margin), mean over pairs of a batch: the first with the last, and so on.

    Both are `(n,)`; the losses are targets, so nothing flows back through them. The middle one of an odd n has no pair.
    """
    pairs = len(predicted) // 2
    predicted_difference = (predicted - predicted.flip(0))[:pairs]
    sign = torch.sign((losses - losses.flip(0))[:pairs].detach())
    return torch.relu(MARGIN - sign * predicted_difference).mean()
