"""Exact squared norms of each sample's parameter gradients in one layer, from the layer's input and output-gradient.

In eval mode every layer acts on each sample alone, so the gradient of sample i with respect to a weight follows from
row i of the layer's input and row i of the gradient at its output. It can be formed, or its norm can be had without
forming it (the Gram trick; Goodfellow 2015, arXiv 1510.01799; the "mixed ghost" rule of Bu et al., NeurIPS 2022,
takes the cheaper).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

FLOAT_BYTES = 4
# The number of channels that CPU convolution kernels are made for. A layer of 8 is up to four times slower to form than
# two samples' 8 side by side, although half of what comes out then is not needed.
KERNEL_CHANNELS = 16
FEWEST_TO_PACK = 4


def linear_norms(layer: nn.Linear, inputs: Tensor, gradient: Tensor) -> list[Tensor]:
    """Squared norms `(n,)` for weight and bias of a linear layer: its weight gradient is an outer product."""
    if inputs.ndim != 2:
        raise ValueError(f"a linear layer on inputs of shape {tuple(inputs.shape)}: only (n, features) is known here")
    gradient_square = gradient.square().sum(dim=1)
    norms = [inputs.square().sum(dim=1) * gradient_square]
    return norms if layer.bias is None else [*norms, gradient_square]


def batch_norm_norms(layer: nn.BatchNorm1d | nn.BatchNorm3d, inputs: Tensor, gradient: Tensor) -> list[Tensor]:
    """Squared norms `(n,)` for scale and offset of a batch norm in eval mode, where it is an affine map.

    Inputs are `(n, channels)` or `(n, channels, ...)`.
    """
    if layer.running_mean is None or layer.running_var is None:
        raise ValueError("a batch norm without running statistics mixes samples; per-sample gradients do not exist")
    gradient_sum = gradient.reshape(*gradient.shape[:2], -1).sum(dim=2)
    product_sum = (inputs * gradient).reshape(*gradient.shape[:2], -1).sum(dim=2)
    scale_gradient = (product_sum - layer.running_mean * gradient_sum) * torch.rsqrt(layer.running_var + layer.eps)
    return [scale_gradient.square().sum(dim=1), gradient_sum.square().sum(dim=1)]


def _weight_gradient(layer: nn.Conv3d, inputs: Tensor, gradient: Tensor, groups: int, weight: Tensor) -> Tensor:
    formed: Tensor = torch.ops.aten.convolution_backward(
        gradient,
        inputs,
        weight,
        None,
        list(layer.stride),
        list(layer.padding),
        list(layer.dilation),
        False,
        [0, 0, 0],
        groups,
        [False, True, False],
    )[1]
    return formed


def form_one_by_one(layer: nn.Conv3d, inputs: Tensor, gradient: Tensor) -> Tensor:
    """Squared norms of the weight gradients, by the library's weight-gradient call sample by sample."""
    return torch.stack(
        [
            _weight_gradient(layer, inputs[i : i + 1], gradient[i : i + 1], layer.groups, layer.weight).square().sum()
            for i in range(len(inputs))
        ]
    )


def form_grouped(layer: nn.Conv3d, inputs: Tensor, gradient: Tensor) -> Tensor:
    """The same by one weight-gradient call of a grouped convolution with a group for each sample."""
    n = len(inputs)
    grouped_weight = layer.weight.repeat(n, 1, 1, 1, 1)
    formed = _weight_gradient(
        layer,
        inputs.reshape(1, n * inputs.shape[1], *inputs.shape[2:]),
        gradient.reshape(1, n * gradient.shape[1], *gradient.shape[2:]),
        n * layer.groups,
        grouped_weight,
    )
    return formed.reshape(n, -1).square().sum(dim=1)


def samples_to_pack(layer: nn.Conv3d) -> int:
    """How many samples side by side fill the kernels' channels: 1 where one does, or where it has too few to bother."""
    if layer.in_channels < FEWEST_TO_PACK:
        return 1
    return KERNEL_CHANNELS // math.gcd(KERNEL_CHANNELS, layer.in_channels)


def form_packed(layer: nn.Conv3d, inputs: Tensor, gradient: Tensor) -> Tensor:
    """Like `form_grouped`, with several samples a group; the blocks that mix two samples are left out of the norm."""
    pack, n = samples_to_pack(layer), len(inputs)
    whole = n - n % pack
    if whole < n:
        rest = form_grouped(layer, inputs[whole:], gradient[whole:])
        return torch.cat([form_packed(layer, inputs[:whole], gradient[:whole]), rest]) if whole else rest
    channels_in, channels_out = inputs.shape[1], gradient.shape[1]
    formed = _weight_gradient(
        layer,
        inputs.reshape(1, n * channels_in, *inputs.shape[2:]),
        gradient.reshape(1, n * channels_out, *gradient.shape[2:]),
        n // pack,
        layer.weight.new_empty((n * channels_out, pack * channels_in, *layer.kernel_size)),
    )
    blocks = formed.view(n // pack, pack, channels_out, pack, channels_in, -1)
    return blocks.diagonal(dim1=1, dim2=3).square().sum(dim=(1, 2, 3)).reshape(n)


def form_by_patches(layer: nn.Conv3d, inputs: Tensor, gradient: Tensor) -> Tensor:
    """The same by a matrix product of output-gradient and input patches, one for each sample."""
    formed = torch.bmm(gradient.flatten(2), _patches(layer, inputs))
    return formed.square().sum(dim=(1, 2))


def gram(layer: nn.Conv3d, inputs: Tensor, gradient: Tensor) -> Tensor:
    """The same without forming it: the sum over output voxel pairs of (patch . patch') * (gradient . gradient')."""
    patches = _patches(layer, inputs)
    flat = gradient.flatten(2)
    return (torch.bmm(patches, patches.transpose(1, 2)) * torch.bmm(flat.transpose(1, 2), flat)).sum(dim=(1, 2))


def _patches(layer: nn.Conv3d, inputs: Tensor) -> Tensor:
    """`(n, N, k^3 * C_in)`: for each of the N output voxels the input it sees."""
    if layer.kernel_size == (1, 1, 1):
        strided = inputs[:, :, :: layer.stride[0], :: layer.stride[1], :: layer.stride[2]]
        return strided.flatten(2).transpose(1, 2)
    pad = [side for amount in reversed(_symmetric_padding(layer)) for side in (amount, amount)]
    windows = functional.pad(inputs, pad)
    for axis, (size, step) in enumerate(zip(layer.kernel_size, layer.stride, strict=True)):
        windows = windows.unfold(2 + axis, size, step)
    n, channels = inputs.shape[:2]
    # (n, C, d, h, w, k, k, k) -> (n, d, h, w, k, k, k, C): the order of k and C does not matter to a norm.
    return windows.permute(0, 2, 3, 4, 5, 6, 7, 1).reshape(n, -1, windows.shape[5:].numel() * channels)


def _symmetric_padding(layer: nn.Conv3d) -> tuple[int, ...]:
    if isinstance(layer.padding, str):
        raise TypeError("convolutions padded by name ('same') have no per-sample gradient rule here")
    return tuple(layer.padding)


@dataclass(frozen=True)
class ConvolutionRule:
    """A way to get the squared weight-gradient norms of a convolution, with what it costs for one sample."""

    name: str
    norms: Callable[[nn.Conv3d, Tensor, Tensor], Tensor]
    products: int
    scratch_bytes: int


def convolution_rules(layer: nn.Conv3d, input_shape: torch.Size, output_shape: torch.Size) -> list[ConvolutionRule]:
    """All rules that apply to this layer; the first needs least memory and always works."""
    patch = layer.weight[0].numel()
    voxels = output_shape[2:].numel()
    channels_out = output_shape[1]
    forming = voxels * patch * channels_out
    weight_bytes = FLOAT_BYTES * layer.weight.numel()
    patch_bytes = FLOAT_BYTES * voxels * patch
    rules = [
        ConvolutionRule("one-by-one", form_one_by_one, forming, 2 * weight_bytes),
        ConvolutionRule("grouped", form_grouped, forming, 2 * weight_bytes + 2 * FLOAT_BYTES * input_shape[1:].numel()),
    ]
    pack = samples_to_pack(layer)
    if layer.groups == 1 and pack > 1:
        packed_bytes = 2 * pack * weight_bytes + 2 * FLOAT_BYTES * input_shape[1:].numel()
        rules.append(ConvolutionRule("packed", form_packed, forming, packed_bytes))
    plain = layer.groups == 1 and tuple(layer.dilation) == (1, 1, 1) and not isinstance(layer.padding, str)
    if plain and (layer.kernel_size != (1, 1, 1) or not any(layer.padding)):
        rules.append(ConvolutionRule("patches", form_by_patches, forming, 2 * patch_bytes + weight_bytes))
        gram_bytes = 2 * patch_bytes + 2 * FLOAT_BYTES * voxels**2
        rules.append(ConvolutionRule("gram", gram, voxels**2 * (patch + channels_out), gram_bytes))
    return rules
