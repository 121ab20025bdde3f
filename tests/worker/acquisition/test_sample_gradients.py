"""Per-sample gradient norms against the literal loop: one volume at a time, one backward pass each."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tomosift_worker.acquisition import layer_norms
from tomosift_worker.acquisition.pool_pass import entropy_of_logits
from tomosift_worker.acquisition.sample_gradients import SampleGradients, UnsupportedLayer
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.settings import AC3DSettings, ResNet3DSettings

RELATIVE = 1e-4


def _lived_in(network: nn.Module) -> nn.Module:
    """Batch norms as after training: running statistics and scales that are not 0 and 1."""
    generator = torch.Generator().manual_seed(3)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm3d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_(0.0, 0.5, generator=generator)
            layer.running_var.uniform_(0.3, 3.0, generator=generator)
            with torch.no_grad():
                layer.weight.uniform_(0.5, 1.5, generator=generator)
                layer.bias.normal_(0.0, 0.3, generator=generator)
    return network.eval()


class EveryLayerKind(nn.Module):
    """What the networks of this package are made of: biases, in-place ReLU, pools, batch norm of vectors, strides."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv3d(1, 4, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool3d(2),
            nn.Conv3d(4, 6, 3, padding=1, stride=2),
            nn.BatchNorm3d(6),
            nn.ReLU(inplace=True),
            nn.Conv3d(6, 6, 3, padding=2, dilation=2, groups=2),
            nn.Conv3d(6, 4, 1, stride=2),
            nn.Flatten(),
        )
        self.classifier = nn.Sequential(nn.BatchNorm1d(32), nn.Linear(32, 10), nn.ReLU(inplace=True), nn.Linear(10, 4))

    def forward(self, volumes: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.features(volumes))
        return logits


def _literal(network: nn.Module, volumes: Tensor, loss: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """The norms over all weights and the sums of per-tensor norms, volume by volume."""
    overall, per_tensor = [], []
    for volume in volumes:
        network.zero_grad()
        loss(network(volume[None])).sum().backward()
        gradients = [p.grad.double() for p in network.parameters() if p.grad is not None]
        overall.append(torch.stack([g.square().sum() for g in gradients]).sum().sqrt())
        per_tensor.append(torch.stack([g.norm() for g in gradients]).sum())
    network.zero_grad()
    return torch.stack(overall), torch.stack(per_tensor)


def _volumes(n: int, box: int) -> Tensor:
    return torch.randn(n, 1, box, box, box, generator=torch.Generator().manual_seed(0))


def _resnet(width: int, stride: int, classes: int = 5) -> nn.Module:
    return _lived_in(build_network(ResNet3DSettings(width=width, stem_stride=stride), classes, seed=0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("network", "box"),
    [(_resnet(4, 1), 13), (_resnet(8, 2), 20), (_resnet(16, 2), 20), (_lived_in(EveryLayerKind()), 16)],
    ids=["resnet-stride-1", "resnet-width-8", "resnet-width-16", "every-layer-kind"],
)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d], ids=["plain", "channels-last"])
def test_batched_norms_equal_the_literal_loop(network: nn.Module, box: int, layout: torch.memory_format) -> None:
    network = network.to(memory_format=layout)  # type: ignore[call-overload]
    volumes = _volumes(5, box)
    overall, per_tensor = _literal(network, volumes, entropy_of_logits)
    gradients = SampleGradients(network)
    for _ in range(2):  # the first batch also tries the rules out
        found = gradients.loss_norms(volumes, entropy_of_logits, network)
        torch.testing.assert_close(found.overall().double(), overall, rtol=RELATIVE, atol=0.0)
        torch.testing.assert_close(found.per_tensor().double(), per_tensor, rtol=RELATIVE, atol=0.0)
    assert set(found.squares) == {name for name, _ in network.named_parameters()}


def test_ac3d_norms_equal_the_literal_loop() -> None:
    """The decoder is no part of the loss: it has no gradient, and no norm."""
    network = _lived_in(build_network(AC3DSettings(width=4, code_size=8, hidden_size=12, box_size=21), 5, seed=0))
    volumes = _volumes(5, 21)
    found = SampleGradients(network).loss_norms(volumes, entropy_of_logits, network)
    overall, per_tensor = _literal(network, volumes, entropy_of_logits)
    torch.testing.assert_close(found.overall().double(), overall, rtol=RELATIVE, atol=0.0)
    torch.testing.assert_close(found.per_tensor().double(), per_tensor, rtol=RELATIVE, atol=0.0)
    without = ("to_code", "from_code", "decoder")
    assert set(found.squares) == {name for name, _ in network.named_parameters() if not name.startswith(without)}


def test_every_parameter_tensor_has_its_own_norm() -> None:
    network, volumes = _resnet(4, 1), _volumes(1, 13)
    found = SampleGradients(network).loss_norms(volumes, entropy_of_logits, network)
    entropy_of_logits(network(volumes)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None
        expected = parameter.grad.double().square().sum().reshape(1)
        torch.testing.assert_close(found.squares[name].double(), expected, rtol=3 * RELATIVE, atol=1e-14)


@pytest.mark.parametrize("rule", ["one-by-one", "grouped", "packed", "patches", "gram"])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (3, 2, 1), (1, 2, 0), (5, 1, 2), (3, 1, 0)])
@pytest.mark.parametrize("n", [3, 4, 9])
def test_each_rule_is_exact(n: int, rule: str, kernel: int, stride: int, padding: int) -> None:
    layer = nn.Conv3d(4, 5, kernel, stride=stride, padding=padding, bias=False)
    volumes = torch.randn(n, 4, 9, 10, 11)
    output = layer(volumes)
    gradient = torch.randn_like(output)
    expected = []
    for each in range(n):
        layer.zero_grad()
        (layer(volumes[each : each + 1]) * gradient[each]).sum().backward()
        assert layer.weight.grad is not None
        expected.append(layer.weight.grad.square().sum())
    known = {each.name: each for each in layer_norms.convolution_rules(layer, volumes.shape, output.shape)}
    with torch.no_grad():
        found = known[rule].norms(layer, volumes, gradient)
    torch.testing.assert_close(found, torch.stack(expected), rtol=RELATIVE, atol=0.0)


def test_scratch_memory_is_bounded_by_working_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    network, volumes = _resnet(8, 2), _volumes(6, 20)
    expected = SampleGradients(network).loss_norms(volumes, entropy_of_logits, network).overall()
    limit = 2 * 2**20
    gradients = SampleGradients(network, scratch_bytes=limit)
    pieces: list[int] = []
    in_pieces = SampleGradients._in_pieces

    def watched(self: SampleGradients, rule: layer_norms.ConvolutionRule, layer: nn.Conv3d, *of: Tensor) -> Tensor:
        pieces.append(max(1, limit // rule.scratch_bytes))
        assert rule.scratch_bytes <= limit or rule.name == "one-by-one"
        return in_pieces(self, rule, layer, *of)

    monkeypatch.setattr(SampleGradients, "_in_pieces", watched)
    found = gradients.loss_norms(volumes, entropy_of_logits, network).overall()
    torch.testing.assert_close(found, expected, rtol=RELATIVE, atol=0.0)
    assert min(pieces) < len(volumes)


def test_the_expected_loss_is_the_entropy() -> None:
    """gradnorm eq. 6 and 7 are one number where the gradient flows through p, and eq. 6 is zero where it does not."""
    network, volumes = _resnet(8, 2), _volumes(4, 20)

    def expected_loss(logits: Tensor, *, through_p: bool = True) -> Tensor:
        p = torch.softmax(logits, dim=1) if through_p else torch.softmax(logits, dim=1).detach()
        labels = range(logits.shape[1])
        each = [nn.functional.cross_entropy(logits, torch.full((len(logits),), i), reduction="none") for i in labels]
        return (p * torch.stack(each, dim=1)).sum(dim=1)

    overall, per_tensor = _literal(network, volumes, expected_loss)
    found = SampleGradients(network).loss_norms(volumes, entropy_of_logits, network)
    torch.testing.assert_close(found.overall().double(), overall, rtol=RELATIVE, atol=0.0)
    torch.testing.assert_close(found.per_tensor().double(), per_tensor, rtol=RELATIVE, atol=0.0)
    held, _ = _literal(network, volumes, lambda logits: expected_loss(logits, through_p=False))
    assert (held < 1e-4 * overall).all()


def test_undecided_items_have_no_gradient_to_speak_of() -> None:
    """dH/dz = -p (log p + H) vanishes at uniform p: the caveat of the docs."""
    network, volumes = _resnet(8, 2), _volumes(2, 20)
    usual = SampleGradients(network).loss_norms(volumes, entropy_of_logits, network).overall()
    with torch.no_grad():
        network.get_submodule("head").weight.mul_(1e-4)
        network.get_submodule("head").bias.zero_()
    undecided = SampleGradients(network).loss_norms(volumes, entropy_of_logits, network).overall()
    assert (undecided < 1e-2 * usual).all()
    assert (entropy_of_logits(network(volumes)) > 0.999 * torch.log(torch.tensor(5.0))).all()


def test_the_network_is_left_as_it_was() -> None:
    network = _resnet(4, 2)
    frozen = network.get_parameter("head.bias").requires_grad_(False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    SampleGradients(network).loss_norms(_volumes(2, 20), entropy_of_logits, network)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert [p.requires_grad for p in network.parameters()] == [p is not frozen for p in network.parameters()]
    assert not any(layer._forward_hooks for layer in network.modules())


def test_what_cannot_be_exact_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"network\.eval\(\)"):
        SampleGradients(_resnet(4, 2).train()).loss_norms(_volumes(2, 20), entropy_of_logits, _resnet(4, 2))
    with pytest.raises(UnsupportedLayer, match="LayerNorm"):
        SampleGradients(nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)))
    shared = nn.Linear(4, 4)
    twice = nn.Sequential(shared, nn.ReLU(), shared).eval()
    with pytest.raises(UnsupportedLayer, match="used twice"):
        SampleGradients(twice).loss_norms(torch.randn(2, 4), entropy_of_logits, twice)
    no_statistics = nn.Sequential(nn.BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 2)).eval()
    with pytest.raises(ValueError, match="mixes samples"):
        SampleGradients(no_statistics).loss_norms(torch.randn(2, 4), entropy_of_logits, no_statistics)
