"""Deleting a project: hidden at once, restorable for a time, then gone with its rows and files, also after a kill."""

import uuid
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.labeling_world import World, build_world, fresh_key, rows, scalar, signed_in
from sqlalchemy import text, update

from tomosift.cycles.project_files import remove_cycle_files
from tomosift.exports.project_files import remove_export_files
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.running_job import RunningJob, run_job
from tomosift.kit.settings import Settings
from tomosift.pool.attempts import attempt_key
from tomosift.pool.project_files import remove_pool_files
from tomosift.pool.uploads import begin_upload
from tomosift.projects import purge
from tomosift.projects.deletion import post_due_purges
from tomosift.tables import Base, Cycle, Job, Model, Project, Source, Tomogram
from tomosift.volumes.store import VolumeStore

pytestmark = pytest.mark.usefixtures("clean_database", "settings")

ROOMS = (remove_pool_files, remove_export_files, remove_cycle_files)


def fill(world: World, settings: Settings) -> None:
    """Work of every kind, with the files that go with it."""
    store, artifacts = VolumeStore(settings.effective_store_url), ArtifactStore(settings.effective_store_url)
    with transaction() as session:
        jobs = {}
        for kind in ("import", "export", "preview", "cycle"):
            job = Job(project_id=world.project_id, kind=kind, task="t", queue="cpu", state="succeeded", attempt=1)
            session.add(job)
            session.flush()
            jobs[kind] = job.id
        source_id = attempt_key(jobs["import"], 1)
        session.execute(update(Source).where(Source.project_id == world.project_id).values(volumes_key=str(source_id)))
        session.add(
            Tomogram(
                project_id=world.project_id,
                name="TS_01",
                location={},
                shape_zyx=[1, 1, 1],
                voxel_size_angstrom=10.0,
                overview_key=f"tomograms/{source_id}/0.safetensors",
            )
        )
        cycle = Cycle(
            project_id=world.project_id,
            number=1,
            job_id=jobs["cycle"],
            settings={},
            trigger={},
            class_set_version=1,
            label_snapshot_event_id=0,
            stage="ready",
        )
        session.add(cycle)
        session.flush()
        key = f"cycles/{cycle.id}/attempt-1/model"
        session.add(
            Model(
                project_id=world.project_id,
                cycle_id=cycle.id,
                key=key,
                checksum="c",
                network="n",
                parameter_count=1,
                classes=[],
                description={},
            )
        )
        begin_upload(session, world.project_id, world.user_ids[0], settings)
    store.create(str(source_id), 2, 8, 10.0).write_block(0, np.zeros((2, 8, 8, 8), np.float32))
    for path in (
        f"{key}.safetensors",
        f"sources/{source_id}/table.parquet",
        f"tomograms/{source_id}/0.safetensors",
        f"exports/{jobs['export']}/1/list.star",
        f"previews/{jobs['preview']}/0.safetensors",
    ):
        artifacts.write_bytes(path, b"x")
    ada = signed_in(world.user_ids[0])
    for item in world.queued[:3]:
        body = {"subtomogram_id": item, "kind": "junk", "lease_id": None, "fencing_token": None}
        made = ada.post(world.path("/decisions"), json=body, headers=fresh_key())
        assert made.status_code == 201, made.text
    undone = ada.post(world.path(f"/decisions/{made.json()['event_id']}/undo"), headers=fresh_key())
    assert undone.status_code == 201, undone.text


def files_below(settings: Settings) -> list[Path]:
    return [each for each in settings.home.rglob("*") if each.is_file()]


def delete_and_wait(world: World) -> None:
    owner = signed_in(world.user_ids[0])
    answer = owner.delete(world.path(""))
    assert answer.status_code == 200, answer.text
    with transaction() as session:
        session.get_one(Project, world.project_id).delete_after = utc_now() - timedelta(seconds=1)


def waiting_purges() -> list[uuid.UUID]:
    return [row.id for row in rows("SELECT id FROM job WHERE kind = 'purge' AND state = 'queued'")]


def test_a_deleted_project_can_be_restored_and_its_jobs_are_stopped(settings: Settings) -> None:
    world = build_world(roles=("owner", "curator"))
    with transaction() as session:
        session.add(Job(project_id=world.project_id, kind="import", task="t", queue="cpu"))
    owner, curator = signed_in(world.user_ids[0]), signed_in(world.user_ids[1])
    deleted = owner.delete(world.path("")).json()
    left = utc_now() + timedelta(days=settings.deleted_project_days)
    assert deleted["delete_after"][:13] in (f"{left:%Y-%m-%dT%H}", f"{left - timedelta(minutes=1):%Y-%m-%dT%H}")
    assert scalar("SELECT state FROM job") == "cancelled"
    assert curator.get("/api/v1/projects").json()["items"] == []
    assert owner.get("/api/v1/projects").json()["items"][0]["delete_after"] is not None
    with transaction() as session:
        assert post_due_purges(session) == 0, "not yet"
    assert owner.post(world.path("/restore")).json()["delete_after"] is None
    assert owner.post(world.path("/restore")).status_code == 409
    assert curator.get(world.path("")).status_code == 200


def test_after_its_time_nothing_is_left_but_the_log(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = build_world(slug="kept", roles=("owner",))
    fill(kept, settings)
    before = files_below(settings)
    world = build_world(roles=("owner",))
    fill(world, settings)
    assert len(files_below(settings)) > len(before) + 5
    delete_and_wait(world)
    with transaction() as session:
        assert post_due_purges(session) == 1
        assert post_due_purges(session) == 0, "one job is enough"
    assert signed_in(world.user_ids[0]).post(world.path("/restore")).status_code == 404, "too late"
    monkeypatch.setattr(purge, "ROWS_AT_ONCE", 2)
    (job_id,) = waiting_purges()
    run_job(job_id, partial(purge.run_purge, rooms=ROOMS))
    assert rows("SELECT state, problem FROM job WHERE id = :id", id=job_id) == [("succeeded", None)]
    for table in Base.metadata.sorted_tables:
        if "project_id" in table.columns and table.name not in ("audit_event",):
            left = scalar(f"SELECT count(*) FROM {table.name} WHERE project_id = :id", id=world.project_id)
            assert left == 0, table.name
    assert files_below(settings) == before
    assert scalar("SELECT count(*) FROM subtomogram WHERE project_id = :id", id=kept.project_id) == 20
    told = [row.action for row in rows("SELECT action FROM audit_event WHERE project_slug = 'world' ORDER BY id")]
    assert told == ["project.deleted", "project.purge-begun", "project.purged"]


def test_a_purge_that_was_killed_goes_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    world = build_world(roles=("owner",))
    fill(world, settings)
    delete_and_wait(world)
    with transaction() as session:
        post_due_purges(session)
    (job_id,) = waiting_purges()
    monkeypatch.setattr(purge, "ROWS_AT_ONCE", 3)
    delete_piece, pieces = purge._delete_piece, 0

    class Killed(BaseException):
        """As `kill -9` would: nothing after it is done."""

    def die_in_the_middle(*given: Any) -> bool:
        nonlocal pieces
        pieces += 1
        if pieces == 4:
            raise Killed
        return delete_piece(*given)

    monkeypatch.setattr(purge, "_delete_piece", die_in_the_middle)

    def work(job: RunningJob) -> None:
        purge.run_purge(job, ROOMS)

    with pytest.raises(Killed):
        run_job(job_id, work)
    assert scalar("SELECT count(*) FROM subtomogram") == 20, "half of it is there"
    with transaction() as session:  # what the reaper does when the lease has passed
        session.execute(text("UPDATE job SET state = 'queued', lease_expires_at = NULL WHERE id = :id"), {"id": job_id})
    monkeypatch.setattr(purge, "_delete_piece", delete_piece)
    run_job(job_id, work)
    assert scalar("SELECT count(*) FROM project") == 0
    assert rows("SELECT state FROM job WHERE id = :id", id=job_id) == [("succeeded",)]
