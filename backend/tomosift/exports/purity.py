"""How pure each predicted class is expected to be at each least confidence, and how many particles pass."""

import numpy as np

from tomosift.exports.outcome import class_names
from tomosift.exports.pool_facts import NOTHING, UNSURE
from tomosift.exports.precision import PrecisionMeasure
from tomosift.exports.preview import Known
from tomosift.exports.schemas import ClassPurity, ExportFilters, Purity
from tomosift.kit.problems import conflict

THRESHOLDS = [*(round(0.02 * step, 2) for step in range(50)), 0.99]
ALL = "all"


def purity(known: Known) -> Purity:
    """The figures of a cycle's model, by the same measure as an export's. Raises ProblemError without a model."""
    facts, predictions = known.facts, known.predictions
    if predictions.model is None:
        raise conflict("cycle-without-model", "There is no model yet", "Launch a cycle first: it trains a model.")
    measure = PrecisionMeasure(facts, predictions)
    filters = [ExportFilters(min_confidence=each) for each in THRESHOLDS]
    names = {code: name for code, name in class_names(facts).items() if code not in (NOTHING, UNSURE)}
    predicted = [code for code in names if (predictions.codes == code).any()]

    def of(name: str, codes: list[int]) -> ClassPurity:
        unlabeled = np.isin(predictions.codes, codes) & (facts.labels == NOTHING)
        confidence = np.sort(predictions.confidence[unlabeled])
        passing = len(confidence) - np.searchsorted(confidence, np.array(THRESHOLDS, np.float32), side="left")
        found = [measure.of(codes, each) for each in filters]
        return ClassPurity(
            name=name,
            count=passing.tolist(),
            n=[each.n for each in found],
            share=[each.share for each in found],
            low=[each.low for each in found],
            high=[each.high for each in found],
        )

    return Purity(
        cycle=predictions.model.number,
        calibrated=predictions.model.temperature is not None,
        thresholds=THRESHOLDS,
        classes=[of(ALL, predicted), *(of(names[code], [code]) for code in predicted)],
    )
