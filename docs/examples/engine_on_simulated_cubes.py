"""The learning engine without the service: 1,000 simulated cubes, one cycle after another; minutes on two cores.

    python docs/examples/engine_on_simulated_cubes.py

Simulate, keep an evaluation sample apart, then in turns: train on the labels there are, measure, score the pool, pick
the next batch, and let the truth answer for the expert. All of it is arrays and torch; no database, no files.
"""

import argparse

import numpy as np
import torch

from tomosift.simulation.dataset import simulate_pool
from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.pool_pass import PoolBatch, run_pool_pass
from tomosift_worker.acquisition.selection import BatchRequest, pick_batch
from tomosift_worker.acquisition.settings import ScoringSettings, SelectionSettings
from tomosift_worker.device import choose_device, place
from tomosift_worker.evaluation.report import EvaluationSample, evaluation_report
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.settings import ResNet3DSettings
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.readers import in_memory
from tomosift_worker.training.settings import PreprocessingSettings, TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer

PREPROCESSING = PreprocessingSettings(low_pass_sigma_voxels=1.0)


def main(arguments: list[str] | None = None) -> list[float]:
    """Run the loop; the accuracy after each cycle."""
    options = parse_options(arguments)
    device = choose_device("auto")

    # 1. Simulate six shapes and junk; nobody but the "expert" may look at the truth.
    per_class = options.cubes // 7
    pool = simulate_pool(counts_per_class=per_class, junk_count=options.cubes - 6 * per_class, box=28, snr=0.03, seed=1)
    names = sorted(set(pool.class_names))
    truth = np.array([names.index(name) for name in pool.class_names], np.int64)
    ids = np.arange(len(truth), dtype=np.int64)
    print(f"{len(truth)} cubes of {len(names)} classes: {', '.join(names)}")

    # 2. A random evaluation sample, never trained on: one half calibrates, the other half reports.
    shuffled = np.random.default_rng(1).permutation(ids)
    sample, others = np.sort(shuffled[: len(ids) // 5]), shuffled[len(ids) // 5 :]
    labeled = np.sort(others[: options.batch])  # the first batch is random

    function, accuracies = ACQUISITION_FUNCTIONS[options.acquisition], []
    for cycle in range(1, options.cycles + 1):
        # 3. Train. The caller steps, so it may look, save or stop at any step.
        network = place(build_network(ResNet3DSettings(width=8, stem_stride=2), len(names), seed=cycle), device)
        volumes = prepare(torch.from_numpy(pool.volumes[labeled]).unsqueeze(1).to(device), PREPROCESSING)
        settings = TrainingSettings(steps=options.steps, batch_size=24, learning_rate=3e-3)
        trainer = SupervisedTrainer(network, in_memory(volumes), truth[labeled], settings, seed=cycle)
        while not trainer.finished:
            trainer.advance()

        # 4. One pass over the pool gives logits, embeddings and exact gradient norms.
        batches = (PoolBatch(ids[at : at + 64], pool.volumes[at : at + 64]) for at in range(0, len(ids), 64))
        outputs = run_pool_pass(
            network,
            batches,
            lambda raw: prepare(raw, PREPROCESSING),
            gradient_norms="gradient_norms" in function.needs,
            seed=cycle,
        )

        # 5. Evaluate on the sample.
        report = evaluation_report(
            EvaluationSample(
                logits=outputs.logits[sample].astype(np.float32),
                truth=truth[sample],
                names=names,
                reports=np.arange(len(sample)) % 2 == 0,
                weights=np.ones(len(sample)),
            )
        )["report"]
        accuracies.append(report["accuracy"])
        print(
            f"cycle {cycle}: {len(labeled)} labels, loss {trainer.last_loss:.3f}, accuracy {report['accuracy']:.0%} "
            f"(95 % interval {report['low']:.0%} to {report['high']:.0%}), balanced {report['balanced_accuracy']:.0%}"
        )

        # 6. Score and select: those a human should see first. The truth answers.
        scores = None if function.score is None else function.score(outputs, ScoringSettings())
        request = BatchRequest(
            count=options.batch,
            candidates=~np.isin(ids, np.concatenate([sample, labeled])),
            labeled=np.isin(ids, labeled),
            tomograms=pool.tomograms,
        )
        picks = pick_batch(function, outputs, scores, ScoringSettings(), SelectionSettings(), request)
        print(f"  next: {len(picks)} picks by {function.title}. {picks.reasons[0]}")
        labeled = np.union1d(labeled, ids[picks.places])
    return accuracies


def parse_options(arguments: list[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cubes", type=int, default=1000)
    parser.add_argument("--cycles", type=int, default=3)
    parser.add_argument("--batch", type=int, default=80, help="labels a cycle")
    parser.add_argument("--steps", type=int, default=150, help="of each training")
    parser.add_argument("--acquisition", choices=sorted(_usable()), default="badge")
    return parser.parse_args(arguments)


def _usable() -> set[str]:
    """Those that need nothing beyond this network and one pass."""
    given = {"class_labels", "embeddings", "gradient_norms"}
    return {function.id for function in ACQUISITION_FUNCTIONS.values() if function.needs <= given}


if __name__ == "__main__":
    main()
