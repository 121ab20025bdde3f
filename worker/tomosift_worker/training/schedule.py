"""The learning rate of each step."""

import math

from tomosift_worker.training.settings import TrainingSettings

WARM_UP_SHARE = 0.1


def learning_rate_at(step: int, settings: TrainingSettings) -> float:
    """The learning rate of `step` (from 0).

    cosine: linear warm-up over the first tenth, then a half cosine to zero (Loshchilov and Hutter, ICLR 2017, one
    period).
    step: a tenth after 80 % of the steps, as in gradnorm (A.5) and TOD.
    """
    peak = settings.learning_rate
    if settings.schedule == "constant":
        return peak
    if settings.schedule == "step":
        return peak if step < 0.8 * settings.steps else 0.1 * peak
    warm_up = max(1, round(WARM_UP_SHARE * settings.steps))
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return peak * 0.5 * (1.0 + math.cos(math.pi * (step - warm_up) / max(1, settings.steps - warm_up)))
