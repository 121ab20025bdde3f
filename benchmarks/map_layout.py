"""How long the map of a pool takes: principal components at once, and the layout by neighbourhood after the cycle.

    python benchmarks/map_layout.py --points 100000 --json map_layout.json

The embeddings are made up: clouds around 12 middles, of which some overlap, as float16. `kept` is the share of
particles whose nearest on the map is of their own cloud, beside the same share in the embeddings themselves.
"""

import argparse
import json
import os
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from tomosift_worker.layout.particle_map import principal_map, umap

CLOUDS = 12
JUDGED = 5_000


def made_up(points: int, size: int) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """Embeddings `(points, size)` and the cloud of each."""
    generator = np.random.default_rng(3)
    clouds = generator.choice(CLOUDS, points, p=np.arange(1, CLOUDS + 1) / np.arange(1, CLOUDS + 1).sum())
    middles = 1.2 * generator.standard_normal((CLOUDS, size)).astype(np.float32)
    embeddings = np.empty((points, size), np.float16)
    for start in range(0, points, 50_000):
        part = slice(start, start + 50_000)
        noise = generator.standard_normal((len(clouds[part]), size)).astype(np.float32)
        embeddings[part] = middles[clouds[part]] + noise
    return embeddings, clouds


def kept(places: NDArray[np.floating[Any]], clouds: NDArray[np.int64]) -> float:
    """The share of some of the points whose nearest neighbour is of their own cloud."""
    nearest = NearestNeighbors(n_neighbors=2).fit(places.astype(np.float32))
    some = np.random.default_rng(0).permutation(len(places))[:JUDGED]
    found = nearest.kneighbors(places[some].astype(np.float32), return_distance=False)[:, 1]
    return round(float((clouds[found] == clouds[some]).mean()), 4)


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=128, help="numbers in an embedding")
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    embeddings, clouds = made_up(arguments.points, arguments.size)
    ids = np.arange(arguments.points)
    began, cpu = time.perf_counter(), time.process_time()
    by_components = principal_map(ids, embeddings, None)
    at_once = time.perf_counter() - began
    stages: dict[str, float] = {}
    last = time.perf_counter()

    def note(stage: str, *_: object) -> None:
        nonlocal last
        now = time.perf_counter()
        stages[stage] = stages.get(stage, 0.0) + now - last
        last = now

    places = umap(ids, embeddings, None, 0, note)
    note("place")
    figures = {
        "what": "seconds to lay out the map of a pool",
        "points": arguments.points,
        "size": arguments.size,
        "cores": len(os.sched_getaffinity(0)),
        "pca_seconds": round(at_once, 2),
        "umap_seconds": {stage: round(seconds, 2) for stage, seconds in stages.items()},
        "processor_seconds": round(time.process_time() - cpu, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "kept_embeddings": kept(embeddings, clouds),
        "kept_pca": kept(by_components, clouds),
        "kept_umap": kept(places, clouds),
    }
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
