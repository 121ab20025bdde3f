"""A trained network goes on where the class set has changed."""

import pytest
import torch

from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.class_transfer import transfer
from tomosift_worker.networks.settings import ResNet3DSettings

SMALL = ResNet3DSettings(width=4, stem_stride=2)
VOLUMES = torch.randn(3, 1, 20, 20, 20, generator=torch.Generator().manual_seed(0))


def test_with_the_same_classes_it_is_the_same_function() -> None:
    source, target = build_network(SMALL, 3, seed=0).eval(), build_network(SMALL, 3, seed=1).eval()
    transfer(source, ["a", "b", None], target, ["a", "b", None])
    with torch.no_grad():
        assert torch.equal(source(VOLUMES), target(VOLUMES))


def test_shared_classes_keep_their_logits_wherever_they_stand_now() -> None:
    source, target = build_network(SMALL, 3, seed=0).eval(), build_network(SMALL, 4, seed=1).eval()
    fresh = target.head.weight[1].detach().clone()
    transfer(source, ["a", "b", None], target, ["b", "new", "c", "a"])
    with torch.no_grad():
        before, after = source(VOLUMES), target(VOLUMES)
    torch.testing.assert_close(after[:, 3], before[:, 0])
    torch.testing.assert_close(after[:, 0], before[:, 1])
    assert torch.equal(target.head.weight[1], fresh)


def test_another_size_or_a_wrong_list_of_classes_is_refused() -> None:
    source = build_network(SMALL, 2, seed=0)
    with pytest.raises(ValueError, match="not of the same size"):
        transfer(source, ["a", "b"], build_network(ResNet3DSettings(width=8, stem_stride=2), 2, seed=0), ["a", "b"])
    with pytest.raises(ValueError, match="head of 2 rows for 3 classes"):
        transfer(source, ["a", "b", "c"], build_network(SMALL, 2, seed=0), ["a", "b"])
