"""The end of a cycle: model, numbers, scores and the new batch become visible in one transaction."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tomosift.kit import job_control
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.denoised_files import ask_for
from tomosift.kit.prediction_jobs import post_predictions_job
from tomosift.tables import Cycle, Model
from tomosift_worker.acquisition.picks import Picks
from tomosift_worker.acquisition.plan import Plan
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.denoiser import planned_denoiser
from tomosift_worker.cycle.map_stage import ask_for_better
from tomosift_worker.cycle.model_files import StoredModel, write_model
from tomosift_worker.cycle.origin import versions
from tomosift_worker.cycle.queue_refill import refill_queue
from tomosift_worker.cycle.scoring_stage import Scored
from tomosift_worker.networks.classifier import count_parameters

TRIES = 3


@dataclass(frozen=True)
class CycleResults:
    """What a cycle made. `model` is None where there were too few labels for one."""

    model: StoredModel | None
    metrics: dict[str, Any]
    plan: Plan
    scored: Scored
    picks: Picks


def publish(context: CycleContext, results: CycleResults) -> None:
    """Store the model, then publish everything and end the job. Raises FencedOff, and then nothing is published."""
    row = None if results.model is None else _store_model(context, results.model, results.metrics)
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction() as session:
                _publish_rows(session, context, row, results)
            return
        except OperationalError as error:
            # Somebody gave several leases back just now, and locked their items in another order than we did.
            if not tries_left or not isinstance(error.orig, DeadlockDetected):
                raise


def _store_model(context: CycleContext, model: StoredModel, metrics: dict[str, Any]) -> dict[str, Any]:
    """Write the model's files; returns the columns of its row."""
    key = f"{context.prefix}/model"
    description = _description(context, metrics)
    return {
        "project_id": context.snapshot.cycle.project_id,
        "cycle_id": context.cycle_id,
        "key": key,
        "checksum": write_model(context.artifacts, key, model, description),
        "network": model.settings.kind,
        "parameter_count": count_parameters(model.network),
        "classes": model.classes,
        "description": description,
    }


def _publish_rows(
    session: Session, context: CycleContext, model_row: dict[str, Any] | None, results: CycleResults
) -> None:
    claim = context.job.claim
    job_control.hold(session, claim.job_id, claim.token)
    model = None if model_row is None else Model(**model_row)
    if model is not None:
        session.add(model)
    scored = results.scored
    picked = refill_queue(session, context, scored, results.picks, results.plan)
    if (denoiser := planned_denoiser(context.settings, model)) is not None:
        results.metrics["denoiser"] = denoiser
        shown = scored.outputs.item_ids[np.array(results.picks.places, np.intp)]
        ask_for(session, context.cycle_id, [*shown.tolist(), *context.snapshot.sample.ids.tolist()])
    ask_for_better(session, context, results.metrics, len(scored.outputs))
    cycle = session.get_one(Cycle, context.cycle_id)
    cycle.stage, cycle.metrics, cycle.scores_key = "ready", results.metrics, scored.scores_key
    cycle.checkpoint, cycle.finished_at = None, utc_now()
    session.flush()
    if model is not None:
        post_predictions_job(session, cycle.project_id)
    job_control.announce(session, cycle.project_id, "cycle", number=cycle.number, stage="ready")
    job_control.announce(session, cycle.project_id, "queue", reason="new-batch")
    if picked < context.settings.batch_size:
        job_control.write_log(session, claim.job_id, _too_few(picked), "warning")
    else:
        job_control.write_log(session, claim.job_id, f"{picked} subtomograms are in the queue, the best first.")
    job_control.report_progress(session, claim.job_id, claim.token, {"stage": "select", "done": 1, "total": 1})
    model_id = None if model is None else str(model.id)
    result = {"model_id": model_id, "scored": len(scored.outputs), "picked": picked}
    job_control.finish(session, claim.job_id, claim.token, "succeeded", result=result)


def _too_few(picked: int) -> str:
    if picked == 0:
        return "Nothing is left to ask about: every subtomogram has a label, is being labeled or measures accuracy."
    return f"Only {picked} subtomograms were left to ask about; they are all in the queue."


def _description(context: CycleContext, metrics: dict[str, Any]) -> dict[str, Any]:
    """What else somebody needs who uses the model elsewhere. JSON."""
    calibration = metrics.get("calibration")
    return {
        "cycle_number": context.snapshot.cycle.number,
        "box_size": context.snapshot.box_sizes[0],
        "voxel_size_angstrom": context.snapshot.voxel_size_angstrom,
        "training_labels": len(context.snapshot.training.items),
        "settings": context.settings.model_dump(mode="json"),
        "temperature": None if calibration is None else calibration["temperature"],
        "device": context.device.type,
        "versions": versions(),
    }
