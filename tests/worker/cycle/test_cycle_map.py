"""The map of a cycle: there with its results, made better afterwards, and never in anybody's way."""

from typing import Any

import numpy as np
import pytest
from fixtures.cycle_runs import artifacts, log_of, reread, run_here
from fixtures.cycle_world import CycleWorld
from fixtures.labeling_world import rows, scalar, signed_in
from safetensors.numpy import load
from sqlalchemy import select

from tomosift.kit.database import transaction
from tomosift.kit.running_job import run_job
from tomosift.pool.map_places import open_map
from tomosift.tables import Cycle, Job
from tomosift_worker.cycle import map_job, map_stage
from tomosift_worker.cycle.map_job import make_map
from tomosift_worker.cycle.map_task import supervise_map

pytestmark = pytest.mark.usefixtures("clean_database")


def map_of(cycle: Cycle) -> dict[str, Any]:
    return (reread(cycle).metrics or {})["map"]


def newest_map_job() -> Job:
    with transaction() as session:
        return session.scalars(select(Job).where(Job.kind == "map").order_by(Job.created_at.desc())).first() or Job()


def test_a_map_comes_with_the_cycle_and_a_better_one_after_it(world: CycleWorld) -> None:
    cycle = run_here(world.launch())
    at_once = map_of(cycle)
    assert at_once["method"] == "pca"
    scores, places = (artifacts().read_tensors(key) for key in (cycle.scores_key or "", at_once["key"]))
    np.testing.assert_array_equal(places["item_ids"], scores["item_ids"])
    assert np.isfinite(places["points"]).all()
    client = signed_in(world.user_id)
    answer = client.get(f"/api/v1/projects/{world.slug}/map")
    assert load(answer.content)["points"].shape == (60, 2)
    job = newest_map_job()
    assert job.state == "queued"

    supervise_map(job.id)  # in a process of its own, as the worker does it

    assert map_of(cycle)["method"] == "umap"
    assert newest_map_job().state == "succeeded"
    first = artifacts().read_tensors(map_of(cycle)["key"])
    np.testing.assert_array_equal(first["item_ids"], scores["item_ids"])
    assert np.isfinite(first["points"]).all()
    assert not np.allclose(first["points"], places["points"])
    # The map of the next cycle lies over it.
    second = artifacts().read_tensors(map_of(run_here(world.launch()))["key"])
    np.testing.assert_allclose(second["points"].mean(axis=0), first["points"].mean(axis=0), atol=0.05)


def test_a_cycle_goes_before_a_map(world: CycleWorld) -> None:
    run_here(world.launch())
    job = newest_map_job()
    second = world.launch()
    run_job(job.id, make_map)
    assert newest_map_job().state == "cancelled", "the newer cycle of the project makes a map of its own"

    run_here(second)
    waiting = newest_map_job()
    with transaction() as session:
        session.add(Job(kind="cycle", task="tomosift_worker.run_cycle", queue="gpu"))
    run_job(waiting.id, make_map)
    assert newest_map_job().state == "queued", "it is tried again after the other project's cycle"
    log = "SELECT message FROM job_log_line WHERE job_id = :job"
    assert [each[0] for each in rows(log, job=waiting.id)] == ["a cycle goes first"]


def test_no_cycle_fails_for_its_map(world: CycleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no axes")

    with monkeypatch.context() as patched:
        patched.setattr(map_stage, "principal_map", fail)
        cycle = run_here(world.launch())
    assert cycle.stage == "ready"
    assert "There is no map of this cycle: no axes." in log_of(cycle)
    assert "map" not in (cycle.metrics or {})
    assert run_here(world.launch(map="off")).stage == "ready"
    assert scalar("SELECT count(*) FROM job WHERE kind = 'map'") == 0

    second = run_here(world.launch())
    monkeypatch.setattr(map_job, "MOST_SECONDS", 0.0)
    run_job(newest_map_job().id, make_map)
    failed = newest_map_job()
    assert (failed.state, (failed.problem or {})["type"].split(":")[-1]) == ("failed", "map-too-slow")
    assert map_of(second)["method"] == "pca"
    open_map.cache_clear()
    answer = signed_in(world.user_id).get(f"/api/v1/projects/{world.slug}/map")
    assert '"state":"failed"' in load_legend(answer.content)


def load_legend(content: bytes) -> str:
    """The metadata `legend` of a safetensors file, as text."""
    length = int.from_bytes(content[:8], "little")
    return content[8 : 8 + length].decode().replace("\\", "")
