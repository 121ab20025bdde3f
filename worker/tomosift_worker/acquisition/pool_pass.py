"""One pass of a network over the pool: logits, embeddings, gradient norms and the outputs of the model before."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tomosift_worker.acquisition.dropout_passes import DropoutPasses
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.sample_gradients import DEFAULT_SCRATCH_BYTES, SampleGradients
from tomosift_worker.networks.classifier import VolumeClassifier

LARGEST_HALF = float(np.finfo(np.float16).max)

Forward = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class PoolBatch:
    """Raw volumes `(n, z, y, x)` float32 of the pool with the ids of their items `(n,)`."""

    item_ids: NDArray[np.int64]
    volumes: NDArray[np.float32]


@dataclass(frozen=True)
class ReferenceOutputs:
    """Outputs of the model before: stored ones by item id, and a way to get those that were not stored.

    `compute` takes raw volumes `(n, 1, z, y, x)` on the device and gives logits `(n, K)` over the classes of today.
    """

    compute: Forward
    stored: Mapping[int, NDArray[np.floating]] = field(default_factory=dict)


def entropy_of_logits(logits: Tensor) -> Tensor:
    """Entropy `(n,)`, in nats, of the softmax of `(n, K)` logits, differentiable through p (gradnorm eq. 7)."""
    log_p = torch.log_softmax(logits, dim=1)
    return -(log_p.exp() * log_p).sum(dim=1)


def run_pool_pass(
    network: VolumeClassifier,
    batches: Iterable[PoolBatch],
    prepare: Callable[[Tensor], Tensor],
    *,
    gradient_norms: bool = False,
    reference: ReferenceOutputs | None = None,
    averaged: VolumeClassifier | None = None,
    dropout_passes: int = 0,
    scratch_bytes: int = DEFAULT_SCRATCH_BYTES,
    seed: int = 0,
    on_batch: Callable[[int], None] = lambda count: None,
) -> PoolOutputs:
    """Run `network` (in eval mode) once over all batches.

    `prepare` turns raw volumes `(n, 1, z, y, x)` into what the network takes; `on_batch` hears how many items each
    batch had, and may raise to stop the pass. `averaged` is the network with the average of its weights;
    `dropout_passes` asks for the entropies of so many passes with dropout. A network with a loss module also predicts
    losses. Raises ValueError for an empty pool, and for passes with dropout through a network without.
    """
    network.eval()
    if averaged is not None:
        averaged.eval()
    dropout = DropoutPasses(network, dropout_passes, seed) if dropout_passes else None
    device = next(network.parameters()).device
    gradients = SampleGradients(network, scratch_bytes) if gradient_norms else None
    columns: dict[str, list[NDArray[np.floating]]] = {}
    ids: list[NDArray[np.int64]] = []
    for batch in batches:
        raw = torch.from_numpy(np.ascontiguousarray(batch.volumes)).unsqueeze(1).to(device)
        prepared = prepare(raw)
        found = _score_batch(network, prepared, gradients, dropout)
        if averaged is not None:
            with torch.inference_mode():
                found["averaged_logits"] = _to_numpy(averaged(prepared))
        if reference is not None:
            found["reference_logits"] = _reference_logits(reference, batch.item_ids, raw)
        for name, column in found.items():
            columns.setdefault(name, []).append(column)
        ids.append(batch.item_ids)
        on_batch(len(batch.item_ids))
    if not ids:
        raise ValueError("the pool is empty: there is nothing to score")
    return PoolOutputs(
        item_ids=np.concatenate(ids),
        seed=seed,
        **{name: np.concatenate(parts) for name, parts in columns.items()},
    )


def _score_batch(
    network: VolumeClassifier, volumes: Tensor, gradients: SampleGradients | None, dropout: DropoutPasses | None
) -> dict[str, NDArray[np.floating]]:
    seen: dict[str, Tensor] = {}

    def forward(batch: Tensor) -> Tensor:
        seen["embeddings"], stages = network.embed_in_stages(batch)
        seen["logits"] = network.classify(seen["embeddings"])
        if network.loss_module is not None:
            with torch.no_grad():
                seen["predicted_loss"] = network.loss_module(stages)
        return seen["logits"]

    found = {}
    if gradients is None:
        with torch.inference_mode():
            forward(volumes)
    else:
        norms = gradients.loss_norms(volumes, entropy_of_logits, forward)
        found["gradnorm_global"] = _to_numpy(norms.overall())
        found["gradnorm_per_tensor"] = _to_numpy(norms.per_tensor())
    for name in seen.keys() - {"embeddings"}:
        found[name] = _to_numpy(seen[name])
    if dropout is not None:
        of_mean, expected = dropout.entropies(seen["embeddings"])
        found["dropout_entropy"], found["dropout_expected_entropy"] = _to_numpy(of_mean), _to_numpy(expected)
    # Half precision holds what neighbours in embedding space need, and a million items in a gigabyte.
    found["embeddings"] = np.clip(_to_numpy(seen["embeddings"]), -LARGEST_HALF, LARGEST_HALF).astype(np.float16)
    return found


@torch.inference_mode()
def _reference_logits(reference: ReferenceOutputs, item_ids: NDArray[np.int64], raw: Tensor) -> NDArray[np.float32]:
    stored = [reference.stored.get(int(item)) for item in item_ids]
    missing = [place for place, row in enumerate(stored) if row is None]
    computed = {}
    if missing:
        logits = _to_numpy(reference.compute(raw[torch.tensor(missing, device=raw.device)]))
        computed = dict(zip(missing, logits, strict=True))
    return np.stack([computed[place] if row is None else row for place, row in enumerate(stored)]).astype(np.float32)


def _to_numpy(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return array
