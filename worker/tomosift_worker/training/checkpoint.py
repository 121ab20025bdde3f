"""The state of a training as named arrays: everything a later process needs to go on exactly where this one is.

Weights, buffers, the optimizer's state and what the method keeps; no generator, because what a step draws follows from
its number.
"""

import numpy as np
import torch
from torch import Tensor

from tomosift_worker.training.supervised import SupervisedTrainer
from tomosift_worker.training.weights import (
    Arrays,
    CheckpointMismatch,
    load_weights,
    to_array,
    weights_of,
    with_prefix,
)

__all__ = ["Arrays", "CheckpointMismatch", "load_weights", "restore", "state_of", "weights_of", "with_prefix"]

_WEIGHTS, _AVERAGED, _OPTIMIZER, _METHOD = "weights/", "averaged/", "optimizer/", "method/"
_STEP, _LOSS = "step", "last_loss"


def state_of(trainer: SupervisedTrainer) -> Arrays:
    """Everything `restore` needs, as named arrays."""
    state: Arrays = {_WEIGHTS + name: array for name, array in weights_of(trainer.network).items()}
    if trainer.averaged is not None:
        state |= {_AVERAGED + name: array for name, array in weights_of(trainer.averaged.network).items()}
    state |= {_METHOD + name: array for name, array in trainer.own_state().items()}
    state[_STEP] = np.array(trainer.step, np.int64)
    state[_LOSS] = np.array(trainer.last_loss, np.float64)
    names = _parameter_names(trainer)
    for parameter, values in trainer.optimizer.state.items():
        for key, value in values.items():
            # SGD keeps no momentum buffer before its first step.
            if value is not None:
                state[f"{_OPTIMIZER}{names[parameter]}/{key}"] = to_array(torch.as_tensor(value))
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
    trainer.load_own_state(with_prefix(state, _METHOD))


def _parameter_names(trainer: SupervisedTrainer) -> dict[Tensor, str]:
    return {parameter: name for name, parameter in trainer.network.named_parameters()}
