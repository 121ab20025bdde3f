"""Randomness by counter: what is drawn at a step depends on the seed and the step alone.

A training that goes on from a checkpoint therefore draws exactly what an uninterrupted one draws, with no generator
to save.
"""

import numpy as np


def generator_at(seed: int, *counters: int) -> np.random.Generator:
    """A generator that depends on `seed` and the counters (each >= 0) and on nothing else."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *counters])))
