"""Exact per-sample gradient norms of a whole network from one batched forward and backward pass.

The backward pass is cut down to what is needed: parameters do not ask for their summed gradient, so autograd carries
only the gradient at each layer's output, and each layer's per-sample norms are taken from it on the way
(`layer_norms`).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from tomosift_worker.acquisition.layer_norms import (
    ConvolutionRule,
    batch_norm_norms,
    convolution_rules,
    linear_norms,
)

DEFAULT_SCRATCH_BYTES = 512 * 2**20
# Larger blocks go back to the system after each use and come anew page by page: with input patches of 48 MB a layer
# that took two fifths of the time. Smaller ones also stay in the processor's cache.
CPU_PIECE_BYTES = 8 * 2**20
TRIAL_SAMPLES, TRIAL_ROUNDS = 8, 5
# A rule that multiplies this many times more numbers than the leanest is not worth a trial.
HOPELESS = 8


class UnsupportedLayer(TypeError):
    """The network has a layer with parameters that no per-sample rule knows."""


@dataclass
class SampleNorms:
    """Squared gradient norms by parameter tensor, each `(n,)`."""

    squares: dict[str, Tensor] = field(default_factory=dict)

    def overall(self) -> Tensor:
        """`(n,)`: one L2 norm over all parameters, as gradnorm writes it (eq. 5-7)."""
        return torch.stack(list(self.squares.values())).sum(dim=0).clamp_min(0).sqrt()

    def per_tensor(self) -> Tensor:
        """`(n,)`: the sum of the norms of each parameter tensor, as gradnorm's release computes it."""
        return torch.stack(list(self.squares.values())).clamp_min(0).sqrt().sum(dim=0)


class SampleGradients:
    """Per-sample gradient norms of `network`. Use `loss_norms` for each batch.

    Which rule serves each convolution is found by trial on the first batch and kept. Scratch memory beyond the pass
    itself stays below `scratch_bytes`: a layer that would need more works through its batch in pieces.
    """

    def __init__(self, network: nn.Module, scratch_bytes: int = DEFAULT_SCRATCH_BYTES) -> None:
        self._network, self._scratch_bytes = network, scratch_bytes
        self._layers = _layers_with_parameters(network)
        self.rules: dict[str, ConvolutionRule] = {}

    def loss_norms(
        self, volumes: Tensor, loss_of_logits: Callable[[Tensor], Tensor], forward: Callable[[Tensor], Tensor]
    ) -> SampleNorms:
        """Norms of the gradients of each sample's loss.

        `forward` runs the network on the batch and returns logits `(n, K)`; `loss_of_logits` turns these into
        losses `(n,)`. The network must be in eval mode: in training mode batch norm mixes the samples.
        """
        if self._network.training:
            raise RuntimeError("per-sample gradients need network.eval(): batch norm mixes samples in training mode")
        norms = SampleNorms()
        handles: list[RemovableHandle] = []
        try:
            for name, layer in self._layers.items():
                handles.append(layer.register_forward_hook(self._watch(name, norms)))
            with torch.enable_grad(), _frozen_parameters(self._network):
                losses = loss_of_logits(forward(volumes))
                torch.autograd.backward(losses.sum())
        finally:
            for handle in handles:
                handle.remove()
        return norms

    def _watch(self, name: str, norms: SampleNorms) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor | None]:
        def after_forward(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
            layer_input = inputs[0].detach()
            version = inputs[0]._version
            replaced = None
            if not output.requires_grad:
                # The first layer: nothing before it asks for gradients. A copy may be changed in place afterwards.
                output = output.requires_grad_()
                replaced = output.clone()

            def after_backward(gradient: Tensor) -> None:
                if layer_input._version != version:
                    raise RuntimeError(f"the input of {name} was changed in place after the layer read it")
                found = self._layer_squares(name, layer, layer_input, gradient)
                for parameter, square in zip(_parameter_names(name, layer), found, strict=True):
                    if parameter in norms.squares:
                        raise UnsupportedLayer(
                            f"{name} is used twice in a pass; its two gradients would have to be added"
                        )
                    norms.squares[parameter] = square

            output.register_hook(after_backward)  # type: ignore[no-untyped-call]
            return replaced

        return after_forward

    @torch.no_grad()
    def _layer_squares(self, name: str, layer: nn.Module, inputs: Tensor, gradient: Tensor) -> list[Tensor]:
        inputs, gradient = inputs.float(), gradient.float()
        if isinstance(layer, nn.Linear):
            return linear_norms(layer, inputs, gradient)
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm3d):
            return batch_norm_norms(layer, inputs, gradient)
        assert isinstance(layer, nn.Conv3d)
        if name not in self.rules:
            self.rules[name] = self._fastest_rule(layer, inputs, gradient)
        squares = [self._in_pieces(self.rules[name], layer, inputs, gradient)]
        if layer.bias is not None:
            squares.append(gradient.sum(dim=(2, 3, 4)).square().sum(dim=1))
        return squares

    def _in_pieces(self, rule: ConvolutionRule, layer: nn.Conv3d, inputs: Tensor, gradient: Tensor) -> Tensor:
        at_once = self._scratch_bytes if inputs.device.type != "cpu" else min(self._scratch_bytes, CPU_PIECE_BYTES)
        piece = max(1, at_once // max(1, rule.scratch_bytes))
        if piece >= len(inputs):
            return rule.norms(layer, inputs, gradient)
        return torch.cat(
            [
                rule.norms(layer, inputs[start : start + piece], gradient[start : start + piece])
                for start in range(0, len(inputs), piece)
            ]
        )

    def _fastest_rule(self, layer: nn.Conv3d, inputs: Tensor, gradient: Tensor) -> ConvolutionRule:
        rules = convolution_rules(layer, inputs.shape, gradient.shape)
        leanest = min(rule.products for rule in rules)
        rules = [rules[0]] + [
            rule
            for rule in rules[1:]
            if rule.scratch_bytes <= self._scratch_bytes and rule.products <= HOPELESS * leanest
        ]
        inputs, gradient = inputs[:TRIAL_SAMPLES], gradient[:TRIAL_SAMPLES]
        for rule in rules:
            self._in_pieces(rule, layer, inputs, gradient)  # first calls set kernels up
        # In turns, and the best of several: what else the computer does lengthens a time and never shortens it.
        rounds = [[self._trial_seconds(rule, layer, inputs, gradient) for rule in rules] for _ in range(TRIAL_ROUNDS)]
        times = [min(each) for each in zip(*rounds, strict=True)]
        return rules[times.index(min(times))]

    def _trial_seconds(self, rule: ConvolutionRule, layer: nn.Conv3d, inputs: Tensor, gradient: Tensor) -> float:
        # On a CPU the time this process used: what other programs do meanwhile must not decide.
        clock = time.process_time if inputs.device.type == "cpu" else time.perf_counter
        start = clock()
        float(self._in_pieces(rule, layer, inputs, gradient)[0])  # reading a number waits for the device
        return clock() - start


def _layers_with_parameters(network: nn.Module) -> dict[str, nn.Module]:
    layers: dict[str, nn.Module] = {}
    for name, layer in network.named_modules():
        if not any(True for _ in layer.parameters(recurse=False)):
            continue
        if not isinstance(layer, nn.Linear | nn.Conv3d | nn.BatchNorm1d | nn.BatchNorm3d):
            raise UnsupportedLayer(
                f"{name} is a {type(layer).__name__}; exact gradient norms know Linear, Conv3d and batch norm"
            )
        layers[name] = layer
    return layers


def _parameter_names(name: str, layer: nn.Module) -> list[str]:
    return [f"{name}.{parameter}" for parameter, _ in layer.named_parameters(recurse=False)]


@contextmanager
def _frozen_parameters(network: nn.Module) -> Iterator[None]:
    asked = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in asked:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in asked:
            parameter.requires_grad_(True)
