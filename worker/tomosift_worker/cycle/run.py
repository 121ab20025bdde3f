"""A whole cycle: train, evaluate, score, select, ready. It runs in a process of its own (`__main__.py`)."""

import hashlib
import uuid

import pydantic
import torch
from sqlalchemy import select

from tomosift.kit import job_control
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.job_control import Claim, FencedOff
from tomosift.kit.problems import ProblemError
from tomosift.kit.running_job import RunningJob
from tomosift.kit.settings import Settings
from tomosift.tables import Job
from tomosift.volumes.trusted_metadata import VolumeStoreProblem
from tomosift_worker.cycle import problems
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.evaluation_stage import Evaluated, evaluate, without_model
from tomosift_worker.cycle.leftovers import remove_checkpoints
from tomosift_worker.cycle.map_stage import map_at_once
from tomosift_worker.cycle.memory import is_out_of_memory
from tomosift_worker.cycle.model_files import StoredModel
from tomosift_worker.cycle.origin import origin
from tomosift_worker.cycle.plan_stage import describe_plan, has_model, plan_cycle
from tomosift_worker.cycle.presets import AUTO_PRESET, PRESETS, choose_preset, complete_settings
from tomosift_worker.cycle.publication import CycleResults, publish
from tomosift_worker.cycle.scoring_stage import score
from tomosift_worker.cycle.selection_stage import select_batch
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.cycle.snapshot import Snapshot, describe_labels, read_snapshot
from tomosift_worker.cycle.stability_stage import stability
from tomosift_worker.cycle.training_stage import train
from tomosift_worker.cycle.volumes import PoolVolumes
from tomosift_worker.device import DeviceMissing, choose_device, device_name, set_up_cpu, usable_cores
from tomosift_worker.networks.settings import for_box
from tomosift_worker.training.preprocessing import prepared_box
from tomosift_worker.training.supervised import TrainingDiverged


def held_job(job_id: uuid.UUID, token: int) -> RunningJob:
    """The job that this process's parent has claimed; the parent keeps its lease. Raises FencedOff."""
    with transaction() as session:
        job = session.scalars(
            select(Job).where(Job.id == job_id, Job.fencing_token == token, Job.state == "running")
        ).one_or_none()
        if job is None:
            raise FencedOff(f"job {job_id} is no longer held by token {token}")
        return RunningJob(Claim(job_id, job.attempt, token, job.payload))


def record_problem(job: RunningJob, problem: ProblemError) -> None:
    """End the job as failed. Raises FencedOff when another attempt has it."""
    with transaction() as session:
        job_control.write_log(session, job.claim.job_id, problem.detail, "error")
        job_control.finish(session, job.claim.job_id, job.claim.token, "failed", problem=problem.body())


def run_cycle(job: RunningJob, program: Settings) -> None:
    """Do the cycle of a claimed job to its end, and end the job in the transaction that publishes the results.

    Raises ProblemError for what people can mend, FencedOff where another attempt has the job, and Stopping, with a
    checkpoint written, where this process is asked to stop.
    """
    try:
        context = _begin(job, program)
        _do_stages(context)
    except TrainingDiverged as error:
        raise problems.diverged(str(error)) from error
    except VolumeStoreProblem as error:
        raise problems.volumes_missing(str(error)) from error
    except DeviceMissing as error:
        raise problems.device_missing(str(error)) from error
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise problems.out_of_memory() from error
        raise


def seed_of(project_id: uuid.UUID, number: int) -> int:
    """The seed of a project's cycle of this number, where its settings give none."""
    return int.from_bytes(hashlib.blake2b(f"{project_id}/{number}".encode(), digest_size=4).digest())


def _begin(job: RunningJob, program: Settings) -> CycleContext:
    device = choose_device(program.device)
    with transaction() as session:
        # One look: an import that commits meanwhile is seen as a whole or not at all.
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        snapshot = read_snapshot(session, job.claim.job_id)
    if len(snapshot.box_sizes) > 1:
        raise problems.mixed_boxes(snapshot.box_sizes)
    settings = _settled(snapshot, device)
    _refuse_more_processes_than_gpus(settings, device)
    # The bits of a sum depend on how many threads share it: an attempt that goes on uses as many as the one before.
    own_cores = max(1, usable_cores() // settings.training.processes)
    threads = int((snapshot.cycle.checkpoint or {}).get("threads", own_cores))
    if device.type == "cpu":
        set_up_cpu(threads)
    context = CycleContext(
        job=job,
        settings=settings,
        snapshot=snapshot,
        artifacts=ArtifactStore(program.effective_store_url),
        volumes=PoolVolumes(program.effective_store_url),
        device=device,
        threads=threads,
    )
    context.update_cycle(
        stage="train",
        settings=settings.model_dump(mode="json"),
        training_label_count=len(snapshot.training.items),
        evaluation_label_count=len(snapshot.evaluation.items),
    )
    _say_what_begins(job, snapshot, device_name(device))
    if has_model(context) and (snapshot.cycle.settings.get("preset") or AUTO_PRESET) == AUTO_PRESET:
        preset, why = choose_preset(device.type, len(snapshot.training.items))
        job.log(f"The training is that of the preset {PRESETS[preset].title}: {why}")
    return context


def _settled(snapshot: Snapshot, device: torch.device) -> CycleSettings:
    """The cycle's complete settings, the seed and the network's box included."""
    cycle = snapshot.cycle
    try:
        settings = complete_settings(cycle.settings, device.type, len(snapshot.training.items))
        if snapshot.box_sizes:
            network = for_box(settings.network, prepared_box(snapshot.box_sizes[0], settings.preprocessing))
            settings = settings.model_copy(update={"network": network})
    except pydantic.ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise problems.bad_settings(f"{wrong}.") from error
    except ValueError as error:
        raise problems.bad_settings(f"{error}.") from error
    if settings.seed is not None:
        return settings
    return settings.model_copy(update={"seed": seed_of(cycle.project_id, cycle.number)})


def _refuse_more_processes_than_gpus(settings: CycleSettings, device: torch.device) -> None:
    count = settings.training.processes
    gpus = {"cuda": torch.cuda.device_count(), "mps": 1}.get(device.type, count)
    if count > gpus:
        raise problems.bad_settings(
            f"training.processes is {count}, but this computer has {gpus} GPU{'s' if gpus != 1 else ''}, and each "
            "process needs one of its own."
        )


def _say_what_begins(job: RunningJob, snapshot: Snapshot, device: str) -> None:
    job.log(f"Training on {describe_labels(snapshot.training)}, on {device}.")
    if snapshot.unlabeled_classes:
        names = ", ".join(snapshot.unlabeled_classes)
        job.log(f"No training label yet of: {names}. This model cannot find them.", "warning")


def _do_stages(context: CycleContext) -> None:
    plan = plan_cycle(context)
    model, evaluated = _train_and_evaluate(context) if has_model(context) else (None, None)
    metrics = without_model(context) if evaluated is None else evaluated.metrics
    metrics["selection"] = describe_plan(plan)
    metrics["origin"] = origin(context)
    context.update_cycle(metrics=metrics)
    context.enter("score")
    scored = score(context, model, plan.function, None if evaluated is None else evaluated.shapes)
    if evaluated is not None:
        metrics |= stability(context, evaluated, scored)
    context.enter("select")
    context.job.report("select", 0, 1, "choosing the batch")
    picks = select_batch(context, scored, plan)
    metrics |= map_at_once(context, scored.outputs)
    publish(context, CycleResults(model, metrics, plan, scored, picks))
    remove_checkpoints(context.artifacts, context.cycle_id, context.job.claim.attempt)


def _train_and_evaluate(context: CycleContext) -> tuple[StoredModel, Evaluated]:
    trained = train(context)
    context.enter("evaluate")
    evaluated = evaluate(context, trained.model)
    evaluated.metrics["training"] = trained.figures
    return trained.model, evaluated
