"""AC3D: shapes for any box, the paper's architecture, class transfer, and its parts against each other."""

import pytest
import torch
from torch import nn

from tomosift_worker.networks.ac3d import AC3D
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.class_transfer import transfer
from tomosift_worker.networks.settings import AC3DSettings


def _network(box: int = 20, classes: int = 3, seed: int = 0, **settings: int) -> AC3D:
    network = build_network(
        AC3DSettings(**{"width": 4, "hidden_size": 16, "code_size": 8, "box_size": box, **settings}), classes, seed
    )
    assert isinstance(network, AC3D)
    return network.eval()


@pytest.mark.parametrize(("box", "levels"), [(20, 2), (21, 2), (28, 2), (33, 2), (40, 2), (41, 4), (64, 4), (96, 4)])
def test_any_box_gives_logits_embedding_code_and_reconstruction(box: int, levels: int) -> None:
    network = _network(box)
    volumes = torch.randn(2, 1, box, box, box)
    with torch.no_grad():
        embedding, stages = network.embed_in_stages(volumes)
        assert network(volumes).shape == (2, 3)
        assert network.encode(volumes).shape == (2, 8)
        assert network.reconstruct(volumes).shape == volumes.shape
    assert embedding.shape == (2, 16)
    assert len(stages) == levels


def test_its_layers_are_the_paper_s() -> None:
    network = build_network(AC3DSettings(box_size=28), 7, 0)
    assert isinstance(network, AC3D)
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv3d)]
    assert [(each.in_channels, each.out_channels) for each in convolutions] == [(1, 32), (32, 32), (32, 32), (32, 1)]
    assert network.to_code.in_features == network.hidden.in_features == 32 * 7**3
    assert (network.to_code.out_features, network.embedding_size, network.head.out_features) == (128, 128, 7)


def test_a_padded_box_is_seen_in_its_place() -> None:
    """What comes out lies where it went in: a network that copies its input gives back the box, not a shifted one."""
    network = _network(21)
    shape = (1, 1, *3 * [network.padded_size // 4])
    marks = torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)
    network.from_code, network.decoder = nn.Identity(), nn.ModuleList([nn.Identity(), nn.Identity()])  # type: ignore[assignment]
    network._map_shape = shape[1:]
    doubled = marks.repeat_interleave(4, 2).repeat_interleave(4, 3).repeat_interleave(4, 4)
    assert torch.equal(network.decode(marks.flatten(1)), doubled[:, :, 1:22, 1:22, 1:22])


def test_the_classifier_reads_the_maps_and_not_the_code() -> None:
    network, volumes = _network(), torch.randn(2, 1, 20, 20, 20)
    with torch.no_grad():
        before = network(volumes)
        network.to_code.weight.zero_()
        assert torch.equal(network(volumes), before)


def test_classes_move_to_another_network_with_their_logits() -> None:
    source, target = _network(classes=2), _network(classes=3, seed=1)
    volumes = torch.randn(2, 1, 20, 20, 20)
    transfer(source, ["a", "b"], target, ["b", "new", "a"])
    with torch.no_grad():
        torch.testing.assert_close(target(volumes)[:, [2, 0]], source(volumes))
        assert torch.equal(target.reconstruct(volumes), source.reconstruct(volumes))
    with pytest.raises(ValueError, match="not of the same size"):
        transfer(source, ["a", "b"], _network(28), ["a", "b", "c"])


def test_boxes_it_is_not_for_are_refused() -> None:
    with pytest.raises(ValueError, match="for boxes of 20 voxels, not \\(24, 24, 24\\)"):
        _network()(torch.zeros(1, 1, 24, 24, 24))
    with pytest.raises(ValueError, match=r"set network\.box_size"):
        build_network(AC3DSettings(), 2, 0)
    with pytest.raises(ValueError, match="at least 2 classes"):
        _network(classes=1)


def test_dropout_and_the_loss_module_work_with_it() -> None:
    network = build_network(AC3DSettings(width=4, box_size=20, dropout=0.5, loss_module=True), 2, 0).eval()
    assert network.dropout_rate == 0.5
    assert network.predicted_loss(torch.randn(3, 1, 20, 20, 20)).shape == (3,)
