"""kill -9 of the worker in the middle of an export: nothing of it can be fetched, and the next worker does it again."""

import hashlib
import json
import signal
import uuid
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.labeling_world import signed_in
from fixtures.particle_files import ParticleSet, write_particles
from fixtures.worker_processes import StartWorker, job_row, wait_for
from sqlalchemy import select, update

from tomosift.exports.attempt_files import attempt_prefix
from tomosift.exports.requests import request_export
from tomosift.exports.schemas import ExportIn
from tomosift.formats.particle_list import texts
from tomosift.formats.star import read_particle_star
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings
from tomosift.tables import Job, Source
from tomosift.volumes.store import VolumeStore

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("clean_database", "relay")]

COUNT = 3000


@pytest.fixture
def particles(tmp_path: Path) -> ParticleSet:
    return write_particles(tmp_path / "in", COUNT, box=16, stack=True)


@pytest.fixture
def world(settings: Settings, particles: ParticleSet) -> ExportWorld:
    """A project with a list and its volumes, half of it labeled."""
    made = build_export_world()
    ids = made.import_list(particles.star)
    with transaction() as session:
        source = session.scalars(select(Source)).one()
        source.box_size = 16
    array = VolumeStore(settings.effective_store_url).create(str(source.id), COUNT, 16, 10.0)
    for block in array.blocks():
        array.write_block(block.start, particles.volumes[block.start : block.stop])
    made.label(ids[:100], "ribosome")
    return made


def test_a_killed_export_shows_nothing_and_is_done_again(
    world: ExportWorld, particles: ParticleSet, tmp_path: Path, start_worker: StartWorker
) -> None:
    url = f"/api/v1/projects/{world.slug}/exports"
    client = signed_in(world.user_ids["ada"])
    first = start_worker()
    with transaction() as session:
        asked = ExportIn(volumes="mrc-cubes", rewrite_images=True, layout="selection-and-rest", class_sums=True)
        asked.filters.classes = ["ribosome"]
        job_id = request_export(session, world.project_id, world.user_ids["ada"], asked).id
    wait_for(job_id, lambda job: job.progress.get("stage") == "write" and job.progress.get("done", 0) > 0)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert job_row(job_id).state == "running", "it was killed in the middle"
    left = world.artifacts.local_path(attempt_prefix(job_id, 1))
    assert left is not None
    assert any(left.rglob("*.mrc")), "it had written something"
    detail = client.get(f"{url}/{job_id}").json()
    assert (detail["available"], detail["files"], detail["state"]) == (False, [], "running")
    for path in ("/archive", "/files/manifest.json", "/files/particles_selected.star"):
        assert client.get(f"{url}/{job_id}{path}").status_code == 409

    # The lease runs out by itself after 15 s; the test does not wait for it.
    with transaction() as session:
        session.execute(update(Job).values(lease_expires_at=utc_now()))
    start_worker()
    job = wait_for(job_id, lambda job: job.state not in ("queued", "running"))
    assert (job.state, job.attempt) == ("succeeded", 2), job.problem
    assert not left.exists(), "what the dead attempt left is gone"
    check_files(world, particles, job_id)
    assert client.get(f"{url}/{job_id}").json()["available"] is True


def check_files(world: ExportWorld, particles: ParticleSet, job_id: uuid.UUID) -> None:
    """Each file is what the manifest says, and nothing else lies there; every row and every voxel is right."""
    out = world.artifacts.local_path(attempt_prefix(job_id, 2))
    assert out is not None
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert manifest["particles"] == {
        "in_project": COUNT,
        "selected": 100,
        "written": COUNT,
        "without_position": 0,
        "left_out_as_unlike": 0,
    }
    for each in manifest["files"]:
        data = (out / each["path"]).read_bytes()
        assert (each["bytes"], each["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert found == {"manifest.json", *(each["path"] for each in manifest["files"])}
    original = read_particle_star(particles.star)
    rows = {"selected": slice(0, 100), "rest": slice(100, None)}
    for part, chosen in rows.items():
        written = read_particle_star(out / f"particles_{part}.star")
        assert texts(written, "labNote") == texts(original, "labNote")[chosen]
        for image, volume in zip(texts(written, "rlnImageName"), particles.volumes[chosen], strict=True):
            with mrcfile.open(out / image) as cube:
                np.testing.assert_array_equal(cube.data, volume)
