"""kill -9 of the worker in the middle of an import: nothing is half there, and the next worker imports it all."""

import re
import signal
import time
import uuid
from pathlib import Path

import numpy as np
import pytest
from fixtures.particle_files import write_particles
from fixtures.web_client import Service, make_project
from fixtures.worker_processes import StartWorker, job_row, wait_for
from sqlalchemy import func, select, update

from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings
from tomosift.pool.import_run import attempt_source_id
from tomosift.pool.imports import ListLocation, request_import
from tomosift.tables import EvaluationItem, Job, JobLogLine, QueueItem, Source, Subtomogram
from tomosift.volumes.encoding import content_hash
from tomosift.volumes.store import VolumeStore

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database")]

COUNT = 3000


def counts() -> list[int]:
    with transaction() as session:
        return [
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Source, Subtomogram, EvaluationItem, QueueItem)
        ]


@pytest.mark.usefixtures("relay")
def test_a_killed_import_leaves_nothing_and_is_done_again(
    settings: Settings, tmp_path: Path, start_worker: StartWorker
) -> None:
    project = make_project(Service().owner())
    particles = write_particles(tmp_path / "set", COUNT, stack=True)
    first = start_worker()
    with transaction() as session:
        location = ListLocation(particles.star, particles.star.parent)
        job_id = request_import(session, uuid.UUID(str(project["id"])), None, location).id
    wait_for(job_id, lambda job: job.progress.get("stage") in ("check", "copy", "publish"))
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert job_row(job_id).state == "running", "it was killed in the middle"
    assert counts() == [0, 0, 0, 0]
    # The lease runs out by itself after 15 s; the test does not wait for it.
    with transaction() as session:
        session.execute(update(Job).values(lease_expires_at=utc_now()))
    start_worker()
    job = wait_for(job_id, lambda job: job.state not in ("queued", "running"))
    assert (job.state, job.attempt) == ("succeeded", 2)
    assert counts()[:2] == [1, COUNT]
    stored = {path.name for path in (Path(settings.effective_store_url) / "volumes").iterdir() if path.is_dir()}
    assert stored == {str(attempt_source_id(job_id, 2))}


@pytest.mark.usefixtures("relay")
def test_an_import_killed_while_copying_goes_on_where_it_stopped(
    settings: Settings, tmp_path: Path, start_worker: StartWorker
) -> None:
    count = 2000  # eight shards of 256 cubes
    project = make_project(Service().owner())
    particles = write_particles(tmp_path / "set", count, stack=True, box=32)
    first = start_worker()
    with transaction() as session:
        location = ListLocation(particles.star, particles.star.parent)
        job_id = request_import(session, uuid.UUID(str(project["id"])), None, location).id
    records = Path(settings.effective_store_url) / "artifacts" / "imports" / str(attempt_source_id(job_id, 1))
    wait_for(job_id, lambda job: (records / "0-256").exists())
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert job_row(job_id).state == "running", "it was killed in the middle"
    with transaction() as session:
        session.execute(update(Job).values(lease_expires_at=utc_now()))
    start_worker()
    job = wait_for(job_id, lambda job: job.state not in ("queued", "running"))
    assert (job.state, job.attempt) == ("succeeded", 2)
    with transaction() as session:
        lines = session.scalars(select(JobLogLine.message).where(JobLogLine.job_id == job_id)).all()
        source = session.scalars(select(Source)).one()
        hashes = session.scalars(select(Subtomogram.content_hash).order_by(Subtomogram.source_row)).all()
    went_on = [re.match(r"went on at ([\d,]+) of 2,000", line) for line in lines]
    done = [int(found[1].replace(",", "")) for found in went_on if found]
    assert len(done) == 1
    assert done[0] % 256 == 0
    assert 512 <= done[0] < count
    assert hashes == [content_hash(volume) for volume in particles.volumes]
    np.testing.assert_array_equal(
        VolumeStore(settings.effective_store_url).open(source.volumes_key).read(np.arange(count)), particles.volumes
    )
    assert not records.parent.exists() or list(records.parent.iterdir()) == []


@pytest.mark.usefixtures("relay")
def test_a_worker_that_is_told_to_stop_gives_the_import_back_at_once(
    settings: Settings, tmp_path: Path, start_worker: StartWorker
) -> None:
    project = make_project(Service().owner())
    particles = write_particles(tmp_path / "set", COUNT, stack=True)
    worker = start_worker()
    with transaction() as session:
        location = ListLocation(particles.star, particles.star.parent)
        job_id = request_import(session, uuid.UUID(str(project["id"])), None, location).id
    wait_for(job_id, lambda job: job.progress.get("stage") in ("check", "copy"))
    worker.send_signal(signal.SIGTERM)
    worker.wait(15)
    assert job_row(job_id).state in ("queued", "succeeded")
    start_worker()
    assert wait_for(job_id, lambda job: job.state not in ("queued", "running")).state == "succeeded"
    assert counts()[:2] == [1, COUNT]


def test_a_starting_worker_clears_up_after_imports_nobody_will_finish(
    settings: Settings, start_worker: StartWorker
) -> None:
    with transaction() as session:
        project_id = uuid.UUID(str(make_project(Service().owner())["id"]))
        lost = Job(
            project_id=project_id,
            kind="import",
            task="t",
            queue="cpu",
            state="failed",
            attempt=5,
            finished_at=utc_now(),
        )
        session.add(lost)
    left = Path(settings.effective_store_url) / "volumes" / str(attempt_source_id(lost.id, 5))
    VolumeStore(settings.effective_store_url).create(left.name, 6, 16, 10.0)
    start_worker()
    deadline = time.monotonic() + 60
    while left.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
