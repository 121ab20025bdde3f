"""The 3D ResNet-18: shapes for any box, widths, seeds, and refusals."""

import pytest
import torch

from tomosift_worker.networks.catalogue import NETWORKS, build_network
from tomosift_worker.networks.classifier import count_parameters
from tomosift_worker.networks.settings import ResNet3DSettings


@pytest.mark.parametrize(("box", "stem_stride"), [(20, 1), (27, 1), (20, 2), (28, 2), (33, 2), (96, 2)])
def test_any_box_gives_logits_and_embedding(box: int, stem_stride: int) -> None:
    network = build_network(ResNet3DSettings(width=4, stem_stride=stem_stride), 5, seed=0).eval()
    volumes = torch.randn(2, 1, box, box, box)
    with torch.no_grad():
        embedding = network.embed(volumes)
        logits = network(volumes)
    assert embedding.shape == (2, 32)
    assert logits.shape == (2, 5)
    assert torch.equal(logits, network.head(embedding))


def test_the_paper_s_width_has_the_paper_s_size() -> None:
    # 33.2 million: torchvision's 3D ResNet-18 (Tran et al.) has 33.4 million with its larger stem and 400 classes.
    network = build_network(ResNet3DSettings(width=64, stem_stride=1), 50, seed=0)
    assert 33.0e6 < count_parameters(network) < 33.4e6
    assert network.embedding_size == 512


def test_stride_2_looks_at_an_eighth_of_the_voxels() -> None:
    seen = {}
    for stride in (1, 2):
        network = build_network(ResNet3DSettings(width=4, stem_stride=stride), 2, seed=0)
        first = network.get_submodule("trunk.layer1")
        first.register_forward_hook(
            lambda _m, _i, output, stride=stride: seen.update({stride: output.shape[2:].numel()})
        )
        network(torch.randn(1, 1, 24, 24, 24))
    assert seen[1] == 8 * seen[2]


def test_the_seed_fixes_the_weights_and_leaves_torch_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    one = build_network(ResNet3DSettings(width=4), 3, seed=1).state_dict()
    assert torch.equal(torch.rand(3), expected)
    again = build_network(ResNet3DSettings(width=4), 3, seed=1).state_dict()
    other = build_network(ResNet3DSettings(width=4), 3, seed=2).state_dict()
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])


def test_wrong_shapes_are_refused_with_what_to_do() -> None:
    network = build_network(ResNet3DSettings(width=4), 2, seed=0)
    with pytest.raises(ValueError, match=r"volume\[None, None\]"):
        network(torch.randn(20, 20, 20))
    with pytest.raises(ValueError, match="too small"):
        network(torch.randn(1, 1, 6, 20, 20))
    with pytest.raises(ValueError, match="at least 2 classes"):
        build_network(ResNet3DSettings(width=4), 1, seed=0)


def test_each_network_says_what_it_is_and_where_it_comes_from() -> None:
    for network_id, entry in NETWORKS.items():
        assert entry.id == network_id
        assert entry.title
        assert entry.description.endswith(".")
        assert entry.source
