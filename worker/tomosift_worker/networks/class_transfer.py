"""Using a trained network where the classes are not quite the same any more."""

from collections.abc import Hashable, Sequence

import torch

from tomosift_worker.networks.classifier import VolumeClassifier


@torch.no_grad()
def transfer(
    source: VolumeClassifier,
    source_classes: Sequence[Hashable],
    target: VolumeClassifier,
    target_classes: Sequence[Hashable],
) -> None:
    """Copy the trunk of `source` to `target`, and the head's row of each class both know.

    Classes only `target` knows keep their fresh rows. Both must be the same kind of network in the same size
    (ValueError), with as many head rows as classes.
    """
    for network, classes in ((source, source_classes), (target, target_classes)):
        if network.head.out_features != len(classes):
            raise ValueError(f"a head of {network.head.out_features} rows for {len(classes)} classes")
    trunk = {name: value for name, value in source.state_dict().items() if not name.startswith("head.")}
    try:
        missing, unexpected = target.load_state_dict(trunk, strict=False)
    except RuntimeError as error:
        raise ValueError("the networks are not of the same size") from error
    if unexpected or any(not name.startswith("head.") for name in missing):
        raise ValueError("the networks are not of the same kind")
    row_of = {each: row for row, each in enumerate(source_classes)}
    for row, each in enumerate(target_classes):
        if each in row_of:
            target.head.weight[row] = source.head.weight[row_of[each]]
            target.head.bias[row] = source.head.bias[row_of[each]]
