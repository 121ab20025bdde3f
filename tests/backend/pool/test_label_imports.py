"""Labels that exist already: whose they are, what they change, and that all can be taken back."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fixtures.label_imports import begin, bring, decide, labels, take_back, write_csv
from fixtures.labeling_world import World, fresh_key, rows, scalar, signed_in
from fixtures.web_client import API, Service, make_project

from tomosift.kit import job_control
from tomosift.kit.database import transaction
from tomosift.kit.running_job import RunningJob, run_job
from tomosift.kit.settings import Settings
from tomosift.pool import label_import_run
from tomosift.pool.label_import_run import run_label_import

pytestmark = pytest.mark.usefixtures("clean_database")


def test_labels_come_in_the_importers_name(world: World, owner: TestClient, folder: Path) -> None:
    free = world.subtomogram_ids[4:]
    path = write_csv(
        folder, {free[0]: "barrel", free[1]: "ROD", free[2]: "7", free[3]: "junk", free[4]: "x", free[5]: ""}
    )
    job = bring(owner, world, path=path, classes={"7": "sphere", "x": None})
    assert (job["state"], job["problem"]) == ("succeeded", None)
    assert job["result"]["written"] == {"barrel": 1, "rod": 1, "sphere": 1, "junk": 1}
    assert job["result"]["skipped"] == {"ignored": 1, "empty": 1}
    assert labels(world) == {free[0]: "barrel", free[1]: "rod", free[2]: "sphere", free[3]: "junk"}
    history = owner.get(world.path("/decisions"), params={"mine": False}).json()["items"]
    assert {(each["user"], each["work"]) for each in history} == {("Class3D job042", "import")}
    importer = rows("SELECT kind, is_active, is_admin FROM user_account WHERE name = 'Class3D job042'")
    assert importer == [("importer", False, False)]
    assert "Class3D job042" not in owner.get(f"{API}/users").text, "nobody can be made a member or sign in as it"
    assert owner.get(world.path("/progress")).json()["pool_size"] == 20


def test_nobody_signs_in_as_an_importer(world: World, owner: TestClient, folder: Path) -> None:
    bring(owner, world, path=write_csv(folder, {world.subtomogram_ids[5]: "rod"}))
    importer = scalar("SELECT id FROM user_account WHERE kind = 'importer'")
    assert owner.post(f"{API}/users/{importer}/sign-in-link").status_code in (403, 404)
    assert signed_in(importer).get(f"{API}/session").status_code == 401, "not even with a token"
    assert owner.put(world.path(f"/members/{importer}"), json={"role": "owner"}).status_code == 404


def test_an_importer_cannot_have_a_persons_name(world: World, owner: TestClient, folder: Path) -> None:
    body = {"as": "labels", "importer": "WORLD-owner-0", "path": write_csv(folder, {1: "rod"})}
    answer = owner.post(world.path("/label-imports"), json=body)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:tomosift:problem:name-taken")


def test_a_persons_word_counts_more_than_a_files(world: World, owner: TestClient, folder: Path) -> None:
    before, after = world.subtomogram_ids[4:6]
    decide(owner, world, before)
    bring(owner, world, path=write_csv(folder, dict.fromkeys((before, after), "rod")))
    assert labels(world) == {before: "junk", after: "rod"}
    decide(owner, world, after)
    assert labels(world)[after] == "junk"
    mine = owner.get(world.path("/decisions"), params={"mine": True}).json()["items"]
    assert owner.post(world.path(f"/decisions/{mine[0]['event_id']}/undo"), headers=fresh_key()).status_code in (
        200,
        201,
    )
    assert labels(world)[after] == "rod", "what the file said still stands"
    assert scalar("SELECT opinion_count FROM current_label WHERE subtomogram_id = :id", id=before) == 1


def test_repeating_writes_nothing_and_changing_is_a_newer_opinion(
    world: World, owner: TestClient, folder: Path
) -> None:
    one, two = world.subtomogram_ids[4:6]
    path = write_csv(folder, {one: "rod", two: "rod"})
    bring(owner, world, path=path)
    again = bring(owner, world, path=path)
    assert (again["result"]["written"], again["result"]["said_before"]) == ({}, 2)
    assert scalar("SELECT count(*) FROM label_event") == 2
    write_csv(folder, {one: "rod", two: "barrel"})
    changed = bring(owner, world, path=path)
    assert changed["result"]["written"] == {"barrel": 1}
    assert labels(world) == {one: "rod", two: "barrel"}


def test_a_whole_import_can_be_taken_back_and_brought_again(world: World, owner: TestClient, folder: Path) -> None:
    queued = world.queued[:3]
    path = write_csv(folder, dict.fromkeys(queued, "rod"))
    decide(owner, world, queued[0])
    job = bring(owner, world, path=path)
    undone = take_back(owner, world, job)
    assert (undone["state"], undone["result"]) == ("succeeded", {"taken_back": 3})
    assert labels(world) == {queued[0]: "junk"}
    assert scalar("SELECT count(*) FROM label_event WHERE kind = 'undo'") == 3
    asked = rows(
        "SELECT subtomogram_id FROM queue_item WHERE state = 'open' AND subtomogram_id = ANY(:ids)", ids=queued
    )
    assert {row.subtomogram_id for row in asked} == set(queued[1:]), "their questions are asked again"
    assert take_back(owner, world, job)["result"] == {"taken_back": 0}
    assert bring(owner, world, path=path)["result"]["written"] == {"rod": 3}


def test_answered_questions_leave_the_queue_but_not_from_under_somebody(
    world: World, owner: TestClient, folder: Path
) -> None:
    task = world.claim(1)[0]
    held = task.subtomogram.id if task.subtomogram.id in world.queued else world.queued[0]
    bring(owner, world, path=write_csv(folder, dict.fromkeys(world.queued, "rod")))
    still_open = {row.subtomogram_id for row in rows("SELECT subtomogram_id FROM queue_item WHERE state = 'open'")}
    assert still_open & set(world.queued) == {held}
    assert set(world.evaluation) <= still_open


def test_the_evaluation_sample_stays_blind(world: World, owner: TestClient, folder: Path) -> None:
    path = write_csv(folder, dict.fromkeys(world.subtomogram_ids, "rod"))
    job = bring(owner, world, path=path)
    assert job["result"]["skipped"] == {"evaluation-item": 4}
    assert not set(labels(world)) & set(world.evaluation)


def test_truth_for_the_evaluation_sample_only(world: World, owner: TestClient, folder: Path) -> None:
    path = write_csv(folder, dict.fromkeys(world.subtomogram_ids, "rod"))
    job = bring(owner, world, path=path, **{"as": "evaluation-truth"})
    assert job["result"]["skipped"] == {"not-evaluation-item": 16}
    assert labels(world) == dict.fromkeys(world.evaluation, "rod")
    assert scalar("SELECT count(*) FROM label_event WHERE work <> 'evaluation'") == 0
    assert {row.subtomogram_id for row in rows("SELECT subtomogram_id FROM queue_item WHERE state = 'open'")} == set(
        world.queued
    )
    take_back(owner, world, job)
    assert scalar("SELECT count(*) FROM queue_item WHERE state = 'open' AND work = 'evaluation'") == 4


def test_predictions_are_hints_and_the_first_batch_covers_every_class(
    world: World, owner: TestClient, folder: Path
) -> None:
    entries = {
        each: f"{'rod' if place < 14 else 'barrel'},0.{place:02d}" for place, each in enumerate(world.subtomogram_ids)
    }
    path = write_csv(folder, entries, head="id,class,p")
    job = bring(owner, world, path=path, confidence_column="p", **{"as": "predictions"})
    assert job["result"]["redrawn"] == 10
    assert labels(world) == {}
    assert scalar("SELECT count(*) FROM label_event") == 0
    queue = rows(
        "SELECT q.reason, c.name FROM queue_item q JOIN subtomogram s ON s.id = q.subtomogram_id "
        "JOIN particle_class c ON c.id = s.predicted_class_id WHERE q.state = 'open' AND q.work = 'query'"
    )
    assert [row.name for row in queue].count("barrel") >= 5
    assert len(queue) == 10
    assert all("predict" in row.reason["text"] for row in queue)
    predicted = rows("SELECT predicted_confidence FROM subtomogram ORDER BY id")
    assert [row.predicted_confidence for row in predicted] == pytest.approx([place / 100 for place in range(20)])
    assert owner.delete(world.path(f"/label-imports/{job['id']}")).json()["type"].endswith("predictions-stay")


def test_predictions_are_shown_but_for_the_evaluation_sample(world: World, owner: TestClient, folder: Path) -> None:
    path = write_csv(folder, dict.fromkeys(world.subtomogram_ids, "rod,0.5"), head="id,class,p")
    bring(owner, world, path=path, confidence_column="p", **{"as": "predictions"})
    rod, hint = str(world.class_ids[1]), {"class_id": str(world.class_ids[1]), "confidence": 0.5}
    listed = owner.get(world.path("/subtomograms")).json()["items"]
    assert {each["id"]: each["prediction"] for each in listed} == {
        each: None if each in world.evaluation else hint for each in world.subtomogram_ids
    }
    filtered = owner.get(world.path("/subtomograms"), params={"predicted": rod}).json()["items"]
    assert [each["id"] for each in filtered] == world.subtomogram_ids[4:]
    other = owner.get(world.path("/subtomograms"), params={"predicted": str(world.class_ids[0])})
    assert other.json()["items"] == []


def test_junk_is_no_prediction(world: World, owner: TestClient, folder: Path) -> None:
    path = write_csv(folder, {world.subtomogram_ids[5]: "junk", world.subtomogram_ids[6]: "rod"})
    assert bring(owner, world, path=path, **{"as": "predictions"})["result"]["skipped"] == {"no-class": 1}


def test_a_cancelled_import_takes_back_what_it_wrote(
    world: World, owner: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(folder, dict.fromkeys(world.subtomogram_ids[4:], "rod"))
    monkeypatch.setattr(label_import_run, "PART", 5)
    job = begin(owner, world, path=path)
    write, parts = label_import_run.write_labels, []

    def write_and_cancel(*arguments: Any) -> None:
        write(*arguments)
        parts.append(arguments)
        if len(parts) == 2:
            monkeypatch.setattr(RunningJob, "check", raise_cancelled)

    def raise_cancelled(job: RunningJob) -> None:
        raise job_control.Cancelled("asked for")

    monkeypatch.setattr(label_import_run, "write_labels", write_and_cancel)
    run_job(uuid.UUID(job["id"]), run_label_import)
    assert owner.get(world.path(f"/jobs/{job['id']}")).json()["state"] == "cancelled"
    assert labels(world) == {}
    assert scalar("SELECT count(*) FROM label_event WHERE kind = 'class'") == 10
    assert scalar("SELECT count(*) FROM label_event WHERE kind = 'undo'") == 10


def test_a_job_that_was_cut_off_goes_on(
    world: World, owner: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(folder, dict.fromkeys(world.subtomogram_ids[4:], "rod"))
    monkeypatch.setattr(label_import_run, "PART", 5)
    job = begin(owner, world, path=path)
    write, parts = label_import_run.write_labels, []

    class Killed(BaseException):
        pass

    def write_and_die(*arguments: Any) -> None:
        if len(parts) == 2:
            raise Killed
        parts.append(arguments)
        write(*arguments)

    with monkeypatch.context() as dying:
        dying.setattr(label_import_run, "write_labels", write_and_die)
        with pytest.raises(Killed):
            run_job(uuid.UUID(job["id"]), run_label_import)
    assert scalar("SELECT count(*) FROM label_event") == 10
    with transaction() as session:
        from sqlalchemy import text

        session.execute(text("UPDATE job SET lease_expires_at = now() - interval '1 minute'"))
    run_job(uuid.UUID(job["id"]), run_label_import)
    ended = owner.get(world.path(f"/jobs/{job['id']}")).json()
    assert (ended["state"], ended["result"]["written"]) == ("succeeded", {"rod": 16})
    assert scalar("SELECT count(*) FROM label_event") == 16


def test_what_others_cannot_take_back(world: World, owner: TestClient, folder: Path, settings: Settings) -> None:
    job = begin(owner, world, path=write_csv(folder, {1: "rod"}))
    assert owner.delete(world.path(f"/label-imports/{job['id']}")).json()["type"].endswith("label-import-running")
    service = Service()
    make_project(service.owner(), "Other")
    assert service.owner().delete(f"{API}/projects/other/label-imports/{job['id']}").status_code == 404
    assert owner.delete(world.path(f"/label-imports/{uuid.uuid4()}")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"path": "/a.csv", "upload_id": str(uuid.uuid4()), "file": "a.csv"},
        {"upload_id": str(uuid.uuid4())},
        {"source_id": str(uuid.uuid4()), "key": "name"},
        {"path": "/a.csv", "confidence_column": "p"},
        {"path": "/a.csv", "as": "truth"},
        {"path": "/a.csv", "importer": ""},
    ],
)
def test_requests_that_make_no_sense(world: World, owner: TestClient, body: dict[str, Any]) -> None:
    body = {"as": "labels", "importer": "x"} | body
    assert owner.post(world.path("/label-imports"), json=body).status_code == 422
