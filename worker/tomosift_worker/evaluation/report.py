"""A cycle's numbers by the evaluation protocol: one half of the sample calibrates, the other half reports."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.evaluation.calibration import FEWEST_TO_FIT, Outputs, calibrate
from tomosift_worker.evaluation.classification import Classification, classify_quality


@dataclass(frozen=True)
class EvaluationSample:
    """n labeled items of the random evaluation sample, with a model's outputs for them.

    `logits` `(n, K)`; `truth` `(n,)` are numbers into `names`, whose first K are the model's classes (further ones have
    no training label yet, so the model cannot name them); `reports` `(n,)` is True in the half that reports; `weights`
    `(n,)` are relative inverse inclusion probabilities.
    """

    logits: NDArray[np.float32]
    truth: NDArray[np.int64]
    names: list[str]
    reports: NDArray[np.bool_]
    weights: NDArray[np.float64]


def evaluation_report(sample: EvaluationSample) -> dict[str, Any]:
    """`{report, calibration, reason}`: JSON-able; a part that cannot be had is None and `reason` says why."""
    reasons = []
    half = sample.reports
    predicted = sample.logits.argmax(axis=1).astype(np.int64) if len(sample.truth) else np.empty(0, np.int64)
    quality = classify_quality(sample.truth[half], predicted[half], sample.names, sample.weights[half])
    if quality is None:
        reasons.append(
            "There is no accuracy yet: no item of the reporting half of the evaluation sample has a label. Label the "
            "evaluation items that the queue mixes in."
        )
    calibration = None
    if (~half).any():
        fit, report = (Outputs(sample.logits[part], sample.truth[part], sample.weights[part]) for part in (~half, half))
        calibration = calibrate(fit, report)
    if calibration is None:
        reasons.append(
            f"The probabilities are not calibrated yet: that takes {FEWEST_TO_FIT} labeled items in the calibrating "
            f"half of the evaluation sample, and there are {int((~half).sum())}."
        )
    return {
        "report": None if quality is None else _as_json(quality),
        "calibration": None if calibration is None else asdict(calibration),
        "reason": " ".join(reasons) or None,
    }


def _as_json(quality: Classification) -> dict[str, Any]:
    fields = asdict(quality)
    fields["confusion"] = {"names": fields.pop("names"), "rows": fields["confusion"]}
    return fields
