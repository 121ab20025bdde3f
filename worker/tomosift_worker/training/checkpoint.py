"""The state of a training as named arrays: everything a later process needs to go on exactly where this one is.

Weights, buffers and the optimizer's state; no generator, because what a step draws follows from its number.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tomosift_worker.training.supervised import SupervisedTrainer

Arrays = dict[str, NDArray[np.generic]]

_WEIGHTS, _AVERAGED, _OPTIMIZER, _STEP, _LOSS = "weights/", "averaged/", "optimizer/", "step", "last_loss"


class CheckpointMismatch(ValueError):
    """The arrays belong to another network or optimizer."""


def weights_of(network: nn.Module) -> Arrays:
    """The network's parameters and buffers by name, on the CPU, in the plain memory layout."""
    return {name: _to_array(tensor) for name, tensor in network.state_dict().items()}


def load_weights(network: nn.Module, weights: Arrays) -> None:
    """Put parameters and buffers into a network of the same shape. Raises CheckpointMismatch."""
    try:
        network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
    except RuntimeError as error:
        raise CheckpointMismatch(f"these weights do not fit the network: {error}") from error


def with_prefix(arrays: Arrays, prefix: str) -> Arrays:
    """The arrays whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def state_of(trainer: SupervisedTrainer) -> Arrays:
    """Everything `restore` needs, as named arrays."""
    state: Arrays = {_WEIGHTS + name: array for name, array in weights_of(trainer.network).items()}
    if trainer.averaged is not None:
        state |= {_AVERAGED + name: array for name, array in weights_of(trainer.averaged.network).items()}
    state[_STEP] = np.array(trainer.step, np.int64)
    state[_LOSS] = np.array(trainer.last_loss, np.float64)
    names = _parameter_names(trainer)
    for parameter, values in trainer.optimizer.state.items():
        for key, value in values.items():
            # SGD keeps no momentum buffer before its first step.
            if value is not None:
                state[f"{_OPTIMIZER}{names[parameter]}/{key}"] = _to_array(torch.as_tensor(value))
    return state


def restore(trainer: SupervisedTrainer, state: Arrays) -> None:
    """Set a fresh trainer of the same network, settings, data and seed to a saved state. Raises CheckpointMismatch."""
    load_weights(trainer.network, with_prefix(state, _WEIGHTS))
    if trainer.averaged is not None:
        load_weights(trainer.averaged.network, with_prefix(state, _AVERAGED))
    parameters = dict(trainer.network.named_parameters())
    for name, array in state.items():
        if not name.startswith(_OPTIMIZER):
            continue
        parameter_name, _, key = name.removeprefix(_OPTIMIZER).rpartition("/")
        if parameter_name not in parameters:
            raise CheckpointMismatch(f"the checkpoint has an optimizer state for {parameter_name}, the network has not")
        parameter = parameters[parameter_name]
        value = torch.from_numpy(np.array(array))
        # The optimizer keeps its step counters on the CPU, the rest beside the parameter and in its layout.
        if value.shape == parameter.shape and value.ndim:
            value = torch.empty_like(parameter).copy_(value)
        trainer.optimizer.state[parameter][key] = value
    trainer.step, trainer.last_loss = int(state[_STEP]), float(state[_LOSS])


def _parameter_names(trainer: SupervisedTrainer) -> dict[Tensor, str]:
    return {parameter: name for name, parameter in trainer.network.named_parameters()}


def _to_array(tensor: Tensor) -> NDArray[np.generic]:
    array: NDArray[np.generic] = tensor.detach().cpu().contiguous().numpy()
    return array
