"""A network's weights as named arrays."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Arrays = dict[str, NDArray[np.generic]]


class CheckpointMismatch(ValueError):
    """The arrays belong to another network or optimizer."""


def weights_of(network: nn.Module) -> Arrays:
    """The network's parameters and buffers by name, on the CPU, in the plain memory layout."""
    return {name: to_array(tensor) for name, tensor in network.state_dict().items()}


def load_weights(network: nn.Module, weights: Arrays) -> None:
    """Put parameters and buffers into a network of the same shape. Raises CheckpointMismatch."""
    try:
        network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
    except RuntimeError as error:
        raise CheckpointMismatch(f"these weights do not fit the network: {error}") from error


def with_prefix(arrays: Arrays, prefix: str) -> Arrays:
    """The arrays whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def to_array(tensor: Tensor) -> NDArray[np.generic]:
    """A copy on the CPU where the tensor is elsewhere, in the plain memory layout."""
    array: NDArray[np.generic] = tensor.detach().cpu().contiguous().numpy()
    return array
