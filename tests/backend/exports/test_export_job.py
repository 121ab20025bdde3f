"""Exports over REST and as jobs: asked for, followed, fetched, checked, cancelled, taken over, swept."""

import hashlib
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.labeling_world import signed_in
from fixtures.particle_files import write_particles
from sqlalchemy import text

from tomosift.exports.attempt_files import attempt_prefix
from tomosift.exports.list_files import ListPass
from tomosift.exports.requests import request_export
from tomosift.exports.run import run_export, sweep_exports
from tomosift.exports.schemas import ExportIn
from tomosift.kit.database import transaction
from tomosift.kit.job_control import LEASE, claim, request_cancel
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings
from tomosift.tables import Job

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def world(settings: Settings, tmp_path: Path) -> ExportWorld:
    made = build_export_world()
    made.import_list(write_particles(tmp_path / "in").star)
    made.label(made.ids[:4], "ribosome")
    return made


def url(world: ExportWorld, rest: str = "") -> str:
    return f"/api/v1/projects/{world.slug}/exports{rest}"


def test_an_export_from_request_to_files(world: ExportWorld) -> None:
    client = signed_in(world.user_ids["ada"])
    formats = [each["key"] for each in client.get(url(world, "/formats")).json()]
    assert formats[0] == "source"
    assert {"relion", "csv", "parquet"} < set(formats)

    asked = client.post(url(world), json={"layout": "per-class", "filters": {"classes": ["ribosome"]}})
    assert asked.status_code == 202
    export = asked.json()
    assert (export["state"], export["available"], export["expires_at"]) == ("queued", False, None)
    assert client.get(url(world, f"/{export['id']}/archive")).status_code == 409
    run_job(export["id"], run_export)

    (listed,) = client.get(url(world)).json()["items"]
    assert (listed["state"], listed["available"], listed["particles"]) == ("succeeded", True, 4)
    assert {export["created_by"], listed["created_by"]} == {
        client.get("/api/v1/session").json()["user"]["display_name"]
    }
    detail = client.get(url(world, f"/{export['id']}")).json()
    assert [each["path"] for each in detail["files"]] == [
        "particles_ribosome.star",
        "classes.star",
        "README.txt",
        "manifest.json",
    ]
    assert detail["classes"][0]["by_expert"] == 4
    assert detail["files"][-1]["sha256"] == detail["manifest_sha256"]
    for each in detail["files"]:
        file = client.get(url(world, f"/{export['id']}/files/{each['path']}"))
        assert hashlib.sha256(file.content).hexdigest() == each["sha256"]
        assert file.headers["content-disposition"].startswith("attachment")
    part = client.get(url(world, f"/{export['id']}/files/README.txt"), headers={"Range": "bytes=0-8"})
    assert (part.status_code, part.content) == (206, b"Particles")
    archive = zipfile.ZipFile(io.BytesIO(client.get(url(world, f"/{export['id']}/archive")).content))
    assert archive.testzip() is None
    assert {each.filename: each.file_size for each in archive.infolist()} == {
        each["path"]: each["bytes"] for each in detail["files"]
    }


def test_preview_tells_what_an_export_would_hold(world: ExportWorld) -> None:
    client = signed_in(world.user_ids["ada"])
    answer = client.post(url(world, "/preview"), json={"filters": {"classes": ["ribosome"]}}).json()
    assert (answer["total"], answer["selected"]) == (12, 4)
    assert [row["name"] for row in answer["classes"]] == ["ribosome", "proteasome", "junk", "unsure", "unlabeled"]
    assert answer["predictions"]["kind"] == "none"
    wrong = client.post(url(world, "/preview"), json={"filters": {"classes": ["nothing"]}})
    assert wrong.status_code == 422
    assert wrong.json()["type"].endswith("unknown-filter")


@pytest.mark.parametrize(
    "body",
    [
        {"format": "doc"},
        {"volumes": "none", "rewrite_images": True},
        {"format": "csv", "volumes": "mrc-cubes", "rewrite_images": True},
        {"wedge": {}},
        {"filters": {"min_confidence": 2}},
        {"colums": []},
    ],
)
def test_requests_that_make_no_sense_are_refused(world: ExportWorld, body: dict[str, object]) -> None:
    assert signed_in(world.user_ids["ada"]).post(url(world), json=body).status_code == 422


def test_an_empty_project_and_an_unknown_cycle_are_refused(world: ExportWorld) -> None:
    client = signed_in(world.user_ids["ada"])
    assert client.post(url(world), json={"cycle": 7}).status_code == 404
    empty = build_export_world("empty")
    assert signed_in(empty.user_ids["ada"]).post(url(empty), json={}).status_code == 409


@pytest.mark.parametrize(
    "path", ["../1/README.txt", "..%2f1%2fREADME.txt", "nothing.star", "%00", "a//b", "/etc/passwd"]
)
def test_no_other_file_is_handed_out(world: ExportWorld, path: str) -> None:
    job = world.export()
    assert signed_in(world.user_ids["ada"]).get(url(world, f"/{job.id}/files/{path}")).status_code == 404


def test_exports_of_other_projects_are_not_found(world: ExportWorld, tmp_path: Path) -> None:
    other = build_export_world("other")
    other.import_list(write_particles(tmp_path / "other").star)
    job = other.export()
    assert signed_in(world.user_ids["ada"]).get(url(world, f"/{job.id}")).status_code == 404


def test_the_manifest_says_where_everything_comes_from(world: ExportWorld) -> None:
    number = world.predict(dict.fromkeys(world.ids, (0.0, 5.0, 0.0)))
    manifest = json.loads(world.exported(columns=["label"], filters={"min_confidence": 0.5})["manifest.json"])
    assert manifest["project"]["slug"] == world.slug
    assert manifest["created_by"] == "Ada L"
    assert manifest["predictions"] == {
        "kind": "cycle",
        "cycle": number,
        "calibrated": True,
        "scored": 12,
        "model": {"key": manifest["predictions"]["model"]["key"], "checksum": "blake2b:00"},
    }
    assert manifest["particles"] == {
        "in_project": 12,
        "selected": 12,
        "written": 12,
        "without_position": 0,
        "left_out_as_unlike": 0,
    }
    assert {each["name"]: each["count"] for each in manifest["classes"] if each["count"]} == {
        "ribosome": 4,
        "proteasome": 8,
    }
    assert manifest["sources"][0]["name"] == "particles.star"
    assert len(manifest["sources"][0]["checksum"].removeprefix("blake2b-128:")) == 32
    assert manifest["request"]["filters"] == {"min_confidence": 0.5}


def test_the_readme_says_it_in_words(world: ExportWorld) -> None:
    text_of = world.exported()["README.txt"].decode()
    assert "12 of 12 particles were selected" in text_of
    assert "ribosome: 4 (4 decided by experts)" in text_of


def asked(world: ExportWorld) -> Job:
    with transaction() as session:
        return request_export(session, world.project_id, world.user_ids["ada"], ExportIn())


def folder_of(world: ExportWorld, job: Job, attempt: int) -> Path:
    folder = world.artifacts.local_path(attempt_prefix(job.id, attempt))
    assert folder is not None
    return folder


def test_a_cancelled_export_leaves_nothing(world: ExportWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    job = asked(world)
    write = ListPass._write

    def cancel_and_go_on(self: ListPass, *arguments: Any) -> None:
        write(self, *arguments)
        with transaction() as session:
            request_cancel(session, session.get_one(Job, job.id))
        until = time.monotonic() + 20
        while time.monotonic() < until:
            self._tick(1)
            time.sleep(0.05)

    monkeypatch.setattr(ListPass, "_write", cancel_and_go_on)
    run_job(job.id, run_export)

    with transaction() as session:
        assert session.get_one(Job, job.id).state == "cancelled"
    assert not folder_of(world, job, 1).exists()


def test_the_next_attempt_clears_up_and_starts_again(world: ExportWorld) -> None:
    job = asked(world)
    with transaction() as session:
        assert claim(session, job.id, "a worker that dies") is not None
        session.execute(
            text("UPDATE job SET lease_expires_at = now() - :lease * interval '1 second' WHERE id = :id"),
            {"lease": LEASE.total_seconds(), "id": job.id},
        )
    world.artifacts.write_bytes(f"{attempt_prefix(job.id, 1)}/half.star", b"data_")

    run_job(job.id, run_export)

    with transaction() as session:
        done = session.get_one(Job, job.id)
    assert (done.state, (done.result or {})["attempt"]) == ("succeeded", 2)
    assert not folder_of(world, job, 1).exists()
    assert (folder_of(world, job, 2) / "particles.star").exists()


def test_files_are_swept_after_their_days(world: ExportWorld, settings: Settings) -> None:
    old, new = world.export(), world.export()
    with transaction() as session:
        session.execute(text("UPDATE job SET finished_at = now() - interval '31 days' WHERE id = :id"), {"id": old.id})

    sweep_exports(settings)

    assert not folder_of(world, old, 1).exists()
    assert (folder_of(world, new, 1) / "manifest.json").exists()
    client = signed_in(world.user_ids["ada"])
    assert client.get(url(world, f"/{old.id}")).json()["available"] is False
    assert client.get(url(world, f"/{old.id}/archive")).status_code == 410
