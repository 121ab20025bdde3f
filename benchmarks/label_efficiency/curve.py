"""The curve of a strategy on one simulated pool: train, test, pick, as a cycle of the service does."""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from simulated_sets import LabeledVolumes

from label_efficiency.results import describe
from label_efficiency.strategies import Strategy
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import NO_GROUP
from tomosift_worker.acquisition.plan import make_plan
from tomosift_worker.acquisition.pool_pass import PoolBatch, ReferenceOutputs, run_pool_pass
from tomosift_worker.acquisition.selection import BatchRequest, pick_batch
from tomosift_worker.acquisition.volume_features import outputs_without_network
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.device import place
from tomosift_worker.evaluation.classification import classify_quality
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.class_transfer import transfer
from tomosift_worker.networks.classifier import VolumeClassifier
from tomosift_worker.networks.settings import for_box
from tomosift_worker.training.catalogue import TRAINING_METHODS
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.readers import UnlabeledVolumes, in_memory
from tomosift_worker.training.weights import load_weights, weights_of

Row = dict[str, Any]
Numbers = NDArray[np.int64]

PREPARED_AT_ONCE = 64


@dataclass(frozen=True)
class Model:
    """A trained network, the classes its outputs mean, the average of its weights if one is kept, and its name."""

    network: VolumeClassifier
    classes: Numbers
    averaged: VolumeClassifier | None
    key: str


@dataclass(frozen=True)
class Schedule:
    """How many training labels there are in each cycle."""

    labels: tuple[int, ...]

    def batch(self, cycle: int) -> int:
        """How many are picked for cycle `cycle` (from 1)."""
        return self.labels[cycle - 1] - (self.labels[cycle - 2] if cycle > 1 else 0)


class Experiment:
    """One pool with its evaluation sample and test set, and the models trained on it so far (kept in `folder`).

    Everything random follows from `seed`: strategies of one experiment share the evaluation sample, the first batch
    (unless they have their own start) and the seeds of the trainings.
    """

    def __init__(
        self,
        pool: LabeledVolumes,
        test: LabeledVolumes,
        evaluation_labels: int,
        schedule: Schedule,
        seed: int,
        device: torch.device,
        folder: Path,
    ) -> None:
        self.pool, self.test, self.schedule = pool, test, schedule
        self._seed, self._device, self._folder = seed, device, folder
        order = np.random.default_rng(seed).permutation(len(pool.labels))
        self.evaluation, self._random_start = np.split(order, [evaluation_labels])
        self._class_weights = np.bincount(pool.labels, minlength=len(pool.names)) / np.bincount(test.labels)
        self._prepared: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}

    def curve(self, name: str, strategy: Strategy, preset: str, known: list[Row]) -> Iterator[Row]:
        """The rows of a strategy that are not `known`, cycle by cycle; known ones must be the first."""
        labeled = self._first_batch(strategy, preset)
        before: Model | None = None
        goes_on = len(known) < len(self.schedule.labels)
        for cycle in range(1, len(self.schedule.labels) + 1):
            settings = strategy.settings(preset, len(labeled), self._device.type)
            if cycle <= len(known):
                row = known[cycle - 1]
                if goes_on and (settings.starts_warm or strategy.compares_models):
                    before = self._model(settings, labeled, cycle, before)
            else:
                started, cpu = time.monotonic(), time.process_time()
                model = self._model(settings, labeled, cycle, before)
                trained = time.monotonic()
                row = {"strategy": name, "cycle": cycle, "labels": len(labeled), **self._tested(settings, model)}
                row["class_counts"] = np.bincount(self.pool.labels[labeled], minlength=len(self.pool.names)).tolist()
                row |= self._next_batch(settings, model, before, labeled, cycle)
                row["training_seconds"] = round(trained - started, 1)
                row["seconds"] = round(time.monotonic() - started, 1)
                row["cpu_seconds"] = round(time.process_time() - cpu, 1)
                before = model
                yield row
            labeled = np.concatenate([labeled, np.array(row["picks"], np.int64)])

    def _first_batch(self, strategy: Strategy, preset: str) -> Numbers:
        wanted = self.schedule.batch(1)
        if not strategy.own_start:
            return self._random_start[:wanted]
        settings = strategy.settings(preset, 0, self._device.type)
        outputs = outputs_without_network(
            lambda volumes: volumes, self._batches(settings), self._seed, lambda count: None, self._device
        )
        plan = make_plan(settings.acquisition, np.zeros(0, np.int64), settings.selection, has_model=False)
        return self._picked(plan.function, outputs, settings, np.empty(0, np.int64), wanted)

    def _next_batch(
        self, settings: CycleSettings, model: Model, before: Model | None, labeled: Numbers, cycle: int
    ) -> Row:
        if cycle == len(self.schedule.labels):
            return {"picks": []}
        counts = np.bincount(np.searchsorted(model.classes, self.pool.labels[labeled]), minlength=len(model.classes))
        plan = make_plan(settings.acquisition, counts, settings.selection)
        settings = settings.model_copy(update={"selection": plan.selection})
        outputs = self._outputs(settings, plan.function, model, before, cycle)
        picks = self._picked(plan.function, outputs, settings, labeled, self.schedule.batch(cycle + 1))
        return {"picked_by": plan.function.id, "picks": picks.tolist()}

    def _picked(
        self,
        function: AcquisitionFunction,
        outputs: PoolOutputs,
        settings: CycleSettings,
        labeled: Numbers,
        wanted: int,
    ) -> Numbers:
        size = len(self.pool.labels)
        is_labeled = np.isin(np.arange(size), labeled)
        request = BatchRequest(
            count=wanted,
            candidates=~is_labeled & ~np.isin(np.arange(size), self.evaluation),
            labeled=is_labeled,
            tomograms=np.full(size, NO_GROUP, np.int64),
        )
        scores = None if function.score is None else function.score(outputs, settings.scoring)
        picks = pick_batch(function, outputs, scores, settings.scoring, settings.selection, request)
        return outputs.item_ids[picks.places]

    def _outputs(
        self, settings: CycleSettings, function: AcquisitionFunction, model: Model, before: Model | None, cycle: int
    ) -> PoolOutputs:
        needs = function.needs
        return run_pool_pass(
            model.network,
            self._batches(settings),
            lambda volumes: volumes,
            gradient_norms="gradient_norms" in needs,
            reference=self._reference(settings, model, before, cycle) if "previous_model" in needs else None,
            averaged=model.averaged if needs & {"moving_average", "mean_weights"} else None,
            dropout_passes=settings.scoring.dropout_passes if "dropout" in needs else 0,
            seed=self._cycle_seed(cycle),
        )

    def _reference(self, settings: CycleSettings, model: Model, before: Model | None, cycle: int) -> ReferenceOutputs:
        """The model of the cycle before with a head for the classes of today; at first the initial weights."""
        network = self._initial(settings, model.classes, before, cycle).eval()
        return ReferenceOutputs(compute=network)

    def _batches(self, settings: CycleSettings) -> Iterator[PoolBatch]:
        volumes, size = self._prepared_by(settings)[0], settings.scoring.batch_size
        for start in range(0, len(volumes), size):
            part = volumes[start : start + size]
            yield PoolBatch(np.arange(start, start + len(part)), part)

    def _tested(self, settings: CycleSettings, model: Model) -> Row:
        volumes, predicted = self._prepared_by(settings)[1], []
        model.network.eval()
        with torch.inference_mode():
            for start in range(0, len(volumes), PREPARED_AT_ONCE):
                part = torch.from_numpy(volumes[start : start + PREPARED_AT_ONCE]).unsqueeze(1).to(self._device)
                predicted.append(model.classes[model.network(part).argmax(dim=1).cpu().numpy()])
        truth = self.test.labels
        quality = classify_quality(truth, np.concatenate(predicted), list(self.test.names), self._class_weights[truth])
        assert quality is not None
        return {
            "balanced_accuracy": round(quality.balanced_accuracy, 4),
            "accuracy": round(quality.accuracy, 4),
            "recall": [round(each.recall or 0.0, 3) for each in quality.per_class],
        }

    def _model(self, settings: CycleSettings, labeled: Numbers, cycle: int, before: Model | None) -> Model:
        """Train on the labeled volumes, or take what an earlier run or another strategy has trained in the same way."""
        classes, labels = np.unique(self.pool.labels[labeled], return_inverse=True)
        before = before if settings.starts_warm else None
        network = place(self._initial(settings, classes, before, cycle), self._device)
        method = TRAINING_METHODS[settings.training.method]
        prepared = torch.from_numpy(self._prepared_by(settings)[0]).unsqueeze(1).to(self._device)
        rest = np.setdiff1d(np.arange(len(self.pool.labels)), np.concatenate([labeled, self.evaluation]))
        unlabeled = UnlabeledVolumes(in_memory(prepared[rest]), len(rest)) if method.uses_unlabeled else None
        training = settings.training if before is None else settings.training.from_warm_start()
        trainer = method.trainer(
            network, in_memory(prepared[labeled]), labels, training, self._cycle_seed(cycle), unlabeled
        )
        averaged = None if trainer.averaged is None else trainer.averaged.network
        key = self._key(settings, labeled, cycle, before)
        kept = [self._folder / f"{key}.npz", *([self._folder / f"{key}.average.npz"] if averaged is not None else [])]
        networks = [network, *([averaged] if averaged is not None else [])]
        if all(path.exists() for path in kept):
            for path, each in zip(kept, networks, strict=True):
                with np.load(path, allow_pickle=False) as file:
                    load_weights(each, dict(file))
            return Model(network, classes, averaged, key)
        while not trainer.finished:
            trainer.advance()
        self._folder.mkdir(parents=True, exist_ok=True)
        for path, each in zip(kept, networks, strict=True):
            np.savez(path, **weights_of(each))
        return Model(network, classes, averaged, key)

    def _initial(self, settings: CycleSettings, classes: Numbers, before: Model | None, cycle: int) -> VolumeClassifier:
        box = self._prepared_by(settings)[0].shape[-1]
        network = build_network(for_box(settings.network, box), len(classes), self._cycle_seed(cycle))
        if before is not None:
            transfer(before.network, before.classes.tolist(), network, classes.tolist())
        return place(network, self._device)

    def _key(self, settings: CycleSettings, labeled: Numbers, cycle: int, before: Model | None) -> str:
        parts: list[Any] = [describe(settings)]
        parts += [labeled.tolist(), cycle, self._seed, before and before.key]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=10).hexdigest()

    def _cycle_seed(self, cycle: int) -> int:
        return 1000 * self._seed + cycle

    def _prepared_by(self, settings: CycleSettings) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Pool and test volumes as the network sees them, `(n, z, y, x)`."""
        preprocessing = settings.preprocessing
        key = preprocessing.model_dump_json()
        if key not in self._prepared:
            parts = []
            for volumes in (self.pool.volumes, self.test.volumes):
                batches = torch.from_numpy(volumes).unsqueeze(1).split(PREPARED_AT_ONCE)
                found = [prepare(each.to(self._device), preprocessing).cpu() for each in batches]
                parts.append(torch.cat(found).squeeze(1).numpy())
            self._prepared = {key: (parts[0], parts[1])}
        return self._prepared[key]
