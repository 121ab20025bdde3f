"""What an export would hold, in numbers and without writing: counts by class, and what is expected to be right."""

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.exports.outcome import EXPERT, IMPORTER, MODEL, Outcome, class_names, class_number, decide
from tomosift.exports.pool_facts import NOTHING, UNSURE, PoolFacts, read_pool_facts
from tomosift.exports.precision import PrecisionMeasure, rechecked
from tomosift.exports.predictions import Predictions, find_cycle, read_predictions
from tomosift.exports.schemas import (
    Choice,
    ExportedClass,
    ExportFilters,
    ExportPreview,
    Precision,
    PredictionSource,
    Rechecked,
    ThresholdRow,
)
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.figures import percent
from tomosift.tables import Job, LabelEvent, Project, Source, Subtomogram

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
KEPT_POOLS = 2


@dataclass(frozen=True)
class Known:
    """A project's particles with the predictions about them."""

    facts: PoolFacts
    predictions: Predictions


def see_one_moment(session: Session) -> None:
    """Let everything that this transaction reads be of one moment. To be called before it reads anything."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def read_known(session: Session, project_id: uuid.UUID, cycle: int | None, store: ArtifactStore) -> Known:
    """Read everything, in a transaction of `see_one_moment`. Raises ProblemError and what the store raises."""
    model = find_cycle(session, project_id, cycle)
    facts = read_pool_facts(session, project_id)
    return Known(facts, read_predictions(store, facts, model))


class KnownPools:
    """The last projects somebody looked at, so that moving a threshold does not read a million rows each time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Known] = OrderedDict()
        self._lock = Lock()

    def read(self, session: Session, project_id: uuid.UUID, cycle: int | None, store: ArtifactStore) -> Known:
        """As `read_known`, from memory where nothing has changed since."""
        model = find_cycle(session, project_id, cycle)
        key = (*_state(session, project_id), model and model.keys[0])
        with self._lock:
            known = self._kept.get(key)
        if known is None:
            known = read_known(session, project_id, cycle, store)
        with self._lock:
            self._kept[key] = known
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_POOLS:
                self._kept.popitem(last=False)
        return known


def _state(session: Session, project_id: uuid.UUID) -> tuple[object, ...]:
    """What changes whenever a project's particles, labels, classes or imported predictions do."""
    newest_event = select(func.max(LabelEvent.id)).where(LabelEvent.project_id == project_id)
    newest_particle = select(func.max(Subtomogram.id)).where(Subtomogram.project_id == project_id)
    newest_job = select(func.max(Job.finished_at)).where(Job.project_id == project_id, Job.kind != "export")
    sources = select(func.count()).where(Source.project_id == project_id)
    version = select(Project.class_set_version).where(Project.id == project_id)
    parts = (newest_event, newest_particle, newest_job, sources, version)
    return (project_id, *(session.scalar(part) for part in parts))


def preview(known: Known, choice: Choice) -> ExportPreview:
    """The numbers. Raises ProblemError 422 for a filter that names nothing."""
    facts, predictions = known.facts, known.predictions
    outcome = decide(facts, predictions, choice)
    without_threshold = choice.filters.model_copy(update={"min_confidence": None})
    everything = decide(facts, predictions, choice.model_copy(update={"filters": without_threshold}))
    measure = PrecisionMeasure(facts, predictions)
    return ExportPreview(
        total=len(facts),
        selected=int(outcome.selected.sum()),
        classes=count_classes(known, outcome, measure, choice.filters),
        chosen=_threshold(everything, predictions, measure, choice.filters, choice.filters.min_confidence or 0.0),
        thresholds=[_threshold(everything, predictions, measure, choice.filters, each) for each in THRESHOLDS],
        predictions=prediction_source(predictions),
    )


def prediction_source(predictions: Predictions) -> PredictionSource:
    """Where these predictions come from."""
    scored = int((predictions.codes != NOTHING).sum())
    if predictions.model is None:
        return PredictionSource(kind="import" if scored else "none", scored=scored)
    calibrated = predictions.model.temperature is not None
    return PredictionSource(kind="cycle", cycle=predictions.model.number, calibrated=calibrated, scored=scored)


def count_classes(
    known: Known, outcome: Outcome, measure: PrecisionMeasure, filters: ExportFilters
) -> list[ExportedClass]:
    """The selected particles by class, in the order of the class set; classes without a particle are there with 0."""
    rows = []
    for code, name in class_names(known.facts).items():
        chosen = outcome.selected & (outcome.codes == code)
        by = {who: int((chosen & (outcome.decided_by == who)).sum()) for who in (EXPERT, IMPORTER, MODEL)}
        precision = measure.of([code], filters) if by[MODEL] else None
        checked = rechecked(known.facts, chosen, outcome)
        rows.append(
            ExportedClass(
                name=name,
                number=class_number(code, known.facts),
                count=int(chosen.sum()),
                by_expert=by[EXPERT],
                by_importer=by[IMPORTER],
                by_model=by[MODEL],
                precision=precision,
                rechecked=checked,
                note=_in_words(by, precision, checked),
            )
        )
    return rows


def _threshold(
    everything: Outcome,
    predictions: Predictions,
    measure: PrecisionMeasure,
    filters: ExportFilters,
    confidence: float,
) -> ThresholdRow:
    # Imported predictions may have no confidence: 0 takes them too.
    sure: NDArray[np.bool_] = (predictions.confidence >= np.float32(confidence)) | (confidence == 0)
    by_model = everything.selected & (everything.decided_by == MODEL)
    by_people = everything.selected & (everything.decided_by != MODEL)
    chosen = by_model & sure
    codes = np.unique(everything.codes[by_model])
    codes = codes[(codes != NOTHING) & (codes != UNSURE)]
    return ThresholdRow(
        confidence=confidence,
        count=int(by_people.sum() + chosen.sum()),
        by_model=int(chosen.sum()),
        precision=measure.of(codes, filters.model_copy(update={"min_confidence": confidence or None}))
        if len(codes)
        else None,
    )


def _in_words(by: dict[int, int], precision: Precision | None, checked: Rechecked | None) -> str:
    parts = []
    if by[EXPERT]:
        parts.append(f"{by[EXPERT]:,} decided by experts")
    if by[IMPORTER]:
        parts.append(f"{by[IMPORTER]:,} as imported")
    if checked is not None:
        parts.append(f"{checked.agree:,} of {checked.of:,} with several opinions agree")
    if by[MODEL]:
        parts.append(f"{by[MODEL]:,} predicted: {_expected(precision)}")
    return "; ".join(parts)


def _expected(precision: Precision | None) -> str:
    if precision is None or precision.share is None or precision.low is None or precision.high is None:
        return "no labeled evaluation item tells how many are right"
    text = (
        f"{percent(precision.share)} expected to be right "
        f"(95 % interval {percent(precision.low)} to {percent(precision.high)}, n = {precision.n})"
    )
    return f"{text}, too few to rely on" if precision.note else text
