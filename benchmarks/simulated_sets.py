"""The simulated data that the learning benchmarks share: pools to label and test sets, by name and seed, kept on disk.

Long-tailed sets have 17 to 259 particles a class and 80 of junk; a test set has other particles, equally many of each
class. Twelve complexes come from a folder of density maps (`--templates`), the demo's six shapes are built in.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tomosift.simulation.dataset import DEMO_BOX, DEMO_COUNTS, DEMO_JUNK, DEMO_SNR, simulate_pool
from tomosift.simulation.junk import JUNK

LONG_TAIL = (259, 203, 159, 125, 98, 77, 60, 47, 37, 29, 22, 17)
BALANCED = 12 * (94,)
TEST_SEED_OFFSET = 10_000


@dataclass(frozen=True)
class SimulatedSet:
    """What a pool is made of; `counts` go to the complexes by name, None for the demo's shapes."""

    counts: tuple[int, ...] | None
    snr: float
    box: int
    junk: int
    test_per_class: int = 90


SETS: dict[str, SimulatedSet] = {
    "demo": SimulatedSet(None, DEMO_SNR, DEMO_BOX, DEMO_JUNK),
    "long-tail-0.1": SimulatedSet(LONG_TAIL, 0.1, 32, 80),
    "long-tail-0.05": SimulatedSet(LONG_TAIL, 0.05, 32, 80),
    "balanced-0.1": SimulatedSet(BALANCED, 0.1, 32, 80),
    "balanced-0.05": SimulatedSet(BALANCED, 0.05, 32, 80),
    "long-tail-0.1-64": SimulatedSet(LONG_TAIL, 0.1, 64, 80),
    # AC3D's simulated set: eight classes, 3,200 volumes to train on and 4,800 to test, 64 voxels, SNR 0.03 ...
    "eight-64": SimulatedSet(8 * (400,), 0.03, 64, 0, 600),
    # ... and what a CPU can do of it.
    "eight-32": SimulatedSet(8 * (100,), 0.1, 32, 0, 60),
}


@dataclass(frozen=True)
class LabeledVolumes:
    """Raw volumes `(n, z, y, x)` with class numbers `(n,)` into `names`."""

    volumes: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: tuple[str, ...]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the maps are, and where simulated data is kept."""
    parser.add_argument(
        "--templates", type=Path, help="folder of twelve density maps (.mrc); the demo's set needs none"
    )
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tomosift-simulated")


def simulated(name: str, seed: int, options: argparse.Namespace, *, test: bool = False) -> LabeledVolumes:
    """The pool of a set and a seed, or the test set that goes with it; simulated once and kept in the cache folder."""
    chosen = SETS[name]
    counts = _counts(chosen, options.templates)
    names = (*counts, JUNK) if chosen.junk else tuple(counts)
    path = options.cache / f"{name}-{seed}-{'test' if test else 'pool'}.npz"
    if not path.exists():
        volumes, labels = _simulate(chosen, counts, names, seed, options.templates, test=test)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, volumes=volumes, labels=labels)
        unfinished.replace(path)
    with np.load(path, allow_pickle=False) as file:
        return LabeledVolumes(file["volumes"], file["labels"], names)


def _counts(chosen: SimulatedSet, templates: Path | None) -> dict[str, int]:
    if chosen.counts is None:
        return dict(DEMO_COUNTS)
    found = sorted(path.stem for path in templates.glob("*.mrc")) if templates is not None else []
    if len(found) < len(chosen.counts):
        sys.exit(f"This set needs {len(chosen.counts)} density maps; give a folder of .mrc files with --templates.")
    return dict(zip(found, chosen.counts, strict=False))


def _simulate(
    chosen: SimulatedSet,
    counts: Mapping[str, int],
    names: tuple[str, ...],
    seed: int,
    templates: Path | None,
    *,
    test: bool,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    pool = simulate_pool(
        templates=None if chosen.counts is None else templates,
        counts_per_class=dict.fromkeys(counts, chosen.test_per_class) if test else counts,
        box=chosen.box,
        snr=chosen.snr,
        seed=TEST_SEED_OFFSET + seed if test else seed,
        junk_count=chosen.junk and (chosen.test_per_class if test else chosen.junk),
    )
    return pool.volumes, np.array([names.index(name) for name in pool.class_names], np.int64)
