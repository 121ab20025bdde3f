"""Advice when to stop: how stable the predictions are, what the last cycles gained, what the next one may bring.

Advice only: nothing ever stops by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.evaluation.agreement import Agreement
from tomosift_worker.evaluation.intervals import Z_95, effective_sample_size
from tomosift_worker.figures import percent, points

STABLE_KAPPA = 0.98
WORTHWHILE = 0.02
"""A gain in accuracy that is worth a batch of labels."""

Verdict = Literal["too-early", "go-on", "undecided", "consider-stopping"]


@dataclass(frozen=True)
class Gain:
    """How much more accurate a model is than the one `cycles` before, on the same `n` items, with its 95 % interval."""

    gain: float
    low: float
    high: float
    n: int
    cycles: int
    labels: int


@dataclass(frozen=True)
class StoppingAdvice:
    """The advice, in one sentence, with the figures it rests on; `expected_gain` is that of the next batch."""

    verdict: Verdict
    text: str
    gain: Gain | None
    expected_gain: float | None


def paired_gain(
    before: NDArray[np.bool_],
    now: NDArray[np.bool_],
    weights: NDArray[np.float64],
    *,
    cycles: int,
    labels: int,
) -> Gain | None:
    """The gain from two models' `(n,)` right answers about the same items; None for no items.

    Items both get right or wrong say nothing, so the interval is narrower than those of the two accuracies: that of
    Agresti and Min (Statistics in Medicine 2005), who add half an item to each of the four cells. `weights` `(n,)` are
    inverse inclusion probabilities; under unequal ones n is the effective size. `labels` were given in between.
    """
    if now.size == 0:
        return None
    n = effective_sample_size(weights.tolist())
    gained, lost = (float(np.average(each, weights=weights)) * n + 0.5 for each in (now & ~before, before & ~now))
    centre = (gained - lost) / (n + 2.0)
    half = Z_95 * float(np.sqrt(gained + lost - (gained - lost) ** 2 / (n + 2.0))) / (n + 2.0)
    gain = float(np.average(now.astype(float) - before, weights=weights))
    return Gain(gain, max(-1.0, centre - half), min(1.0, centre + half), int(now.size), cycles, labels)


def stopping_advice(agreements: Sequence[Agreement], gain: Gain | None, next_batch: int) -> StoppingAdvice:
    """What the figures advise. `agreements` of consecutive models, the newest first; `gain` over the last two cycles.

    Stopping is worth a thought where the predictions are stable, that is kappa of at least 0.98 twice in a row
    (Bloodgood and Vijay-Shanker, CoNLL 2009, with a lower limit), or where the gain of the last two cycles is
    surely below two hundredths. Learning curves flatten, so the pace of the last two cycles is the most to expect.
    """
    if len(agreements) < 2:
        text = "It is too early to advise: that takes three cycles with a model and the same classes."
        return StoppingAdvice("too-early", text, gain, None)
    expected = None if gain is None or gain.labels <= 0 else gain.gain / gain.labels * next_batch
    changed = f"{percent(agreements[0].changed, 1)} of the pool changed class in the last cycle"
    if all(each.kappa is None or each.kappa >= STABLE_KAPPA for each in agreements[:2]):
        before = f"{percent(agreements[1].changed, 1)} in the one before"
        text = f"Stopping is worth a thought: the predictions are stable, {changed} and {before}."
        return StoppingAdvice("consider-stopping", text, gain, expected)
    if gain is None:
        text = f"No advice: without labeled evaluation particles no gain can be measured; {changed}."
        return StoppingAdvice("undecided", text, None, None)
    measured = (
        f"the last {gain.cycles} cycles changed the accuracy by {points(gain.gain)} "
        f"(95 % interval {points(gain.low)} to {points(gain.high)}, {gain.n} evaluation particles)"
    )
    if gain.low > 0.0:
        return StoppingAdvice("go-on", f"Going on is worth it: {measured}.", gain, expected)
    if gain.high < WORTHWHILE:
        return StoppingAdvice("consider-stopping", f"Stopping is worth a thought: {measured}.", gain, expected)
    return StoppingAdvice("undecided", f"No clear advice: {measured}, and {changed}.", gain, expected)
