"""The map that is there with the cycle's results: two principal components. The job of `map_job` makes a better one."""

from typing import Any

from sqlalchemy.orm import Session

from tomosift.kit.broker import GPU_QUEUE
from tomosift.kit.outbox import post_job
from tomosift.tables import Job
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.cycle.context import CycleContext
from tomosift_worker.cycle.map_files import MAP, MAP_JOB, MAP_TASK, earlier_map, write_map
from tomosift_worker.layout.particle_map import FEWEST_FITTED, principal_map


def map_at_once(context: CycleContext, outputs: PoolOutputs) -> dict[str, Any]:
    """`{map}` for the cycle's numbers, JSON-able; empty where the settings want none, or it failed: no cycle fails for
    its map.
    """
    if context.settings.map == "off":
        return {}
    try:
        earlier = earlier_map(context.artifacts, context.snapshot.cycle.previous_cycle_id)
        points = principal_map(outputs.item_ids, outputs.embeddings, earlier)
        key = f"{context.prefix}/map.safetensors"
        return {MAP: write_map(context.artifacts, key, "pca", outputs.item_ids, points)}
    except Exception as error:
        context.job.log(f"There is no map of this cycle: {error}.", "warning")
        return {}


def ask_for_better(session: Session, context: CycleContext, metrics: dict[str, Any], count: int) -> None:
    """Post the job that lays the map out by UMAP, where the settings want that and there are items enough."""
    if MAP not in metrics or context.settings.map != "umap" or count < FEWEST_FITTED:
        return
    cycle = context.snapshot.cycle
    job = Job(project_id=cycle.project_id, kind=MAP_JOB, task=MAP_TASK, queue=GPU_QUEUE, max_attempts=2)
    job.payload = {"cycle_id": str(cycle.id)}
    post_job(session, job)
