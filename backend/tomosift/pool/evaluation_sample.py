"""The evaluation sample: a simple random sample of the pool that grows with it and is never trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift.projects.schemas import ProjectSettings


@dataclass(frozen=True)
class Growth:
    """How many of the new subtomograms join the sample, and what one of them counts.

    `weight` is relative to a member of the sample so far (1: the same inclusion probability).
    """

    count: int
    weight: float


def plan_growth(pool_before: int, sample_before: int, new: int, settings: ProjectSettings) -> Growth:
    """How the sample grows when `new` subtomograms join a pool of `pool_before`.

    The first import draws max(minimum, fraction * pool) of it, at most the maximum and never more than half.
    Later ones draw the same fraction of what is new, so that the whole stays a simple random sample. Only
    where that would pass the maximum are fewer drawn: no fewer, though, than the new part's share of the maximum,
    and they weigh accordingly more.
    """
    if new == 0:
        return Growth(0, 1.0)
    if sample_before == 0:
        return Growth(_target(pool_before + new, new, settings), 1.0)
    same_fraction = max(1, round(new * sample_before / pool_before))
    share = round(_target(pool_before + new, new, settings) * new / (pool_before + new))
    count = min(same_fraction, max(settings.evaluation_maximum - sample_before, share))
    return Growth(count, same_fraction / count if count else 1.0)


def _target(pool: int, new: int, settings: ProjectSettings) -> int:
    wanted = max(settings.evaluation_minimum, round(settings.evaluation_fraction * pool))
    return min(wanted, settings.evaluation_maximum, new // 2)


def draw(new_ids: Sequence[int] | NDArray[np.int64], count: int, seed: int) -> list[int]:
    """A simple random sample of `count` ids without replacement, in random order; the same seed, the same sample."""
    generator = np.random.default_rng(seed)
    return [int(each) for each in generator.choice(np.asarray(new_ids, np.int64), size=count, replace=False)]


def half_of(content_hash: str) -> str:
    """`calibrate` or `report`: fixed by the volume itself.

    So it never changes, two copies of a volume are never on both sides, and projects on the same data can be compared.
    """
    return "calibrate" if int(content_hash[:8], 16) % 2 == 0 else "report"
