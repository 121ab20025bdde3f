"""Labels that exist already: whose they are, what they change, what is refused, and that all can be taken back."""

import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, fresh_key, rows, scalar, signed_in
from fixtures.web_client import API, Service, make_project

from tomosift.kit import job_control
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.running_job import RunningJob, run_job
from tomosift.kit.settings import Settings, get_settings
from tomosift.kit.standing_labels import standing_labels
from tomosift.pool import label_import_run
from tomosift.pool.label_import_run import run_label_import, run_label_import_undo
from tomosift.tables import Source

pytestmark = pytest.mark.usefixtures("clean_database")

Job = dict[str, Any]


@pytest.fixture
def folder(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An import folder of the service."""
    place = tmp_path / "data"
    place.mkdir()
    monkeypatch.setenv("TOMOSIFT_IMPORT_ROOTS", str(place))
    get_settings.cache_clear()
    return place


@pytest.fixture
def world(folder: Path) -> World:
    return build_world(pool=20, queued=10, evaluation=4)


@pytest.fixture
def owner(world: World) -> TestClient:
    return signed_in(world.user_ids[0])


def write_csv(folder: Path, entries: dict[object, str], head: str = "id,class", name: str = "labels.csv") -> str:
    path = folder / name
    path.write_text("\n".join([head, *(f"{key},{value}" for key, value in entries.items())]) + "\n")
    return str(path)


def begin(client: TestClient, world: World, **body: Any) -> Job:
    body = {"as": "labels", "importer": "Class3D job042"} | body
    answer = client.post(world.path("/label-imports"), json=body)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def bring(client: TestClient, world: World, **body: Any) -> Job:
    """Import labels as the worker does; the job as it ends."""
    job = begin(client, world, **body)
    run_job(uuid.UUID(job["id"]), run_label_import)
    return dict(client.get(world.path(f"/jobs/{job['id']}")).json())


def take_back(client: TestClient, world: World, job: Job) -> Job:
    answer = client.delete(world.path(f"/label-imports/{job['id']}"))
    assert answer.status_code == 202, answer.text
    run_job(uuid.UUID(answer.json()["id"]), run_label_import_undo)
    return dict(client.get(world.path(f"/jobs/{answer.json()['id']}")).json())


def labels(world: World) -> dict[int, str]:
    """What counts now: the class's name, or the kind. The derived rows and the rule itself must agree."""
    names = {row.id: row.name for row in rows("SELECT id, name FROM particle_class")}
    stored = {
        row.subtomogram_id: (row.kind, row.class_id, row.event_id)
        for row in rows("SELECT subtomogram_id, kind, class_id, event_id FROM current_label")
    }
    with transaction() as session:
        derived = {
            row.subtomogram_id: (row.kind, row.class_id, row.event_id)
            for row in session.execute(standing_labels(world.project_id))
        }
    assert stored == derived
    return {each: names.get(class_id, kind) for each, (kind, class_id, _) in stored.items()}


def decide(client: TestClient, world: World, subtomogram_id: int, kind: str = "junk") -> None:
    body = {"subtomogram_id": subtomogram_id, "kind": kind}
    answer = client.post(world.path("/decisions"), json=body, headers=fresh_key())
    assert answer.status_code in (200, 201), answer.text


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


def test_unknown_values_are_counted_before_anything_is_written(world: World, owner: TestClient, folder: Path) -> None:
    ids = world.subtomogram_ids[4:]
    path = write_csv(folder, {ids[0]: "rod", ids[1]: "cone", ids[2]: "cone", ids[3]: "9"})
    job = bring(owner, world, path=path)
    assert job["problem"]["type"] == "urn:tomosift:problem:unknown-labels"
    assert job["problem"]["values"] == [{"value": "cone", "count": 2}, {"value": "9", "count": 1}]
    assert (labels(world), scalar("SELECT count(*) FROM label_event")) == ({}, 0)
    made = bring(owner, world, path=path, create_classes=True, classes={"9": "helix"})
    assert made["result"]["written"] == {"rod": 1, "cone": 2, "helix": 1}
    assert scalar("SELECT class_set_version FROM project") == 3


def test_only_owners_add_classes(world: World, folder: Path) -> None:
    with transaction() as session:
        from tomosift.tables import ProjectMember

        member = session.get_one(ProjectMember, (world.project_id, world.user_ids[1]))
        member.role = "curator"
    curator = signed_in(world.user_ids[1])
    body = {"as": "labels", "importer": "x", "path": write_csv(folder, {1: "rod"}), "create_classes": True}
    assert curator.post(world.path("/label-imports"), json=body).status_code == 403
    assert curator.post(world.path("/label-imports"), json=body | {"create_classes": False}).status_code == 202


def test_rows_that_fit_nothing_or_contradict_are_left_out_with_their_number(
    world: World, owner: TestClient, folder: Path
) -> None:
    one, two = world.subtomogram_ids[4:6]
    path = folder / "labels.csv"
    path.write_text(f"id,class\n{one},rod\n{one},rod\n{two},rod\n{two},barrel\n99999,rod\nabc,rod\n{'9' * 30},rod\n")
    job = bring(owner, world, path=str(path))
    assert job["result"]["skipped"] == {"contradictory": 1, "no-such-particle": 3}
    assert job["result"]["unmatched_examples"] == ["99999", "abc", "9" * 30]
    assert labels(world) == {one: "rod"}


@pytest.mark.parametrize("by", ["name", "row", "id"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet"])
def test_particles_are_found_by_name_row_or_id(
    world: World, owner: TestClient, folder: Path, by: str, kind: str
) -> None:
    wanted = world.subtomogram_ids[7]
    row = scalar("SELECT source_row FROM subtomogram WHERE id = :id", id=wanted)
    key = {"name": f"TS_01/{row:06d}", "row": str(row + 1), "id": str(wanted)}[by]
    path = folder / f"labels.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({by: [key], "class": ["rod"], "more": [1.5]}), path)
    else:
        tab = "\t" if kind == "tsv" else ","
        path.write_text(f'{by}{tab}more{tab}"class"\n{key}{tab}1.5{tab}rod\n')
    assert bring(owner, world, path=str(path))["result"]["matched_by"] == by
    assert labels(world) == {wanted: "rod"}


def keep_list(world: World, columns: dict[str, list[str]]) -> uuid.UUID:
    """Give the world's source a stored list."""
    with transaction() as session:
        source = session.query(Source).one()
        source.columns, source.table_key = list(columns), f"sources/{source.id}/table.parquet"
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns), sink, row_group_size=7)
        ArtifactStore(get_settings().effective_store_url).write_bytes(source.table_key, sink.getvalue().to_pybytes())
        return source.id


def test_a_column_of_the_list_itself(world: World, owner: TestClient) -> None:
    source_id = keep_list(
        world, {"rlnImageName": [f"{n}.mrc" for n in range(20)], "rlnClassNumber": ["1", "2.000"] * 10}
    )
    job = bring(owner, world, source_id=str(source_id), classes={"1": "rod", "2": "barrel"})
    assert job["result"]["column"] == "rlnClassNumber"
    assert job["result"]["written"] == {"barrel": 8, "rod": 8}
    for each, name in labels(world).items():
        row = scalar("SELECT source_row FROM subtomogram WHERE id = :id", id=each)
        assert name == ("rod", "barrel")[row % 2]


def test_keys_may_be_any_column_of_the_imported_list(world: World, owner: TestClient, folder: Path) -> None:
    keep_list(world, {"tag": [f"p{n}" for n in range(20)]})
    path = folder / "labels.csv"
    path.write_text("tag;class\np19;rod\np18;barrel\n")
    job = bring(owner, world, path=str(path), key="tag")
    assert job["result"]["matched_by"] == "tag"
    assert labels(world) == {world.subtomogram_ids[19]: "rod", world.subtomogram_ids[18]: "barrel"}


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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id,class\n1,rod,3\n", "as many values"),
        ("id,class,id\n1,rod,1\n", "a name of its own"),
        ("id,kind\n1,rod\n", "which column"),
        ("id,class\n" + "1,x\n" * 3 + '"', "as many values"),
        ("a\0b,class\n1,rod\n", ""),
        ("", "own"),
    ],
)
def test_bad_tables_are_refused_with_a_reason(
    world: World, owner: TestClient, folder: Path, text: str, reason: str
) -> None:
    (folder / "bad.csv").write_text(text)
    job = bring(owner, world, path=str(folder / "bad.csv"))
    assert job["state"] == "failed"
    assert job["problem"]["status"] == 422
    assert reason in job["problem"]["detail"]
    assert str(folder) not in job["problem"]["detail"]
    assert labels(world) == {}


def test_confidences_are_numbers_from_0_to_1(world: World, owner: TestClient, folder: Path) -> None:
    for wrong in ("2", "-0.1", "high"):
        path = write_csv(folder, {world.subtomogram_ids[5]: f"rod,{wrong}"}, head="id,class,p")
        job = bring(owner, world, path=path, confidence_column="p", **{"as": "predictions"})
        assert wrong in job["problem"]["detail"]


def test_too_many_values_are_no_classes(world: World, owner: TestClient, folder: Path) -> None:
    path = write_csv(folder, {each: f"v{each}" for each in range(2000)})
    assert bring(owner, world, path=path, create_classes=True)["problem"]["type"].endswith("too-many-values")


@pytest.mark.parametrize("path", ["/etc/passwd", "{folder}/../secret.csv", "relative.csv", "{folder}/link.csv"])
def test_only_files_in_import_folders_are_read(world: World, owner: TestClient, folder: Path, path: str) -> None:
    (folder.parent / "secret.csv").write_text("id,class\n1,rod\n")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    body = {"as": "labels", "importer": "x", "path": path.format(folder=folder)}
    assert owner.post(world.path("/label-imports"), json=body).status_code == 422


def test_a_file_that_becomes_a_link_meanwhile_is_not_read(world: World, owner: TestClient, folder: Path) -> None:
    (folder.parent / "secret.csv").write_text("id,class\n5,rod\n")
    job = begin(owner, world, path=write_csv(folder, {5: "rod"}))
    (folder / "labels.csv").unlink()
    (folder / "labels.csv").symlink_to(folder.parent / "secret.csv")
    run_job(uuid.UUID(job["id"]), run_label_import)
    ended = owner.get(world.path(f"/jobs/{job['id']}")).json()
    assert ended["problem"]["type"].endswith("outside-import-folders")


def test_labels_may_be_uploaded(world: World, owner: TestClient, settings: Settings) -> None:
    upload = owner.post(world.path("/uploads")).json()["id"]
    wanted = world.subtomogram_ids[6]
    owner.put(world.path(f"/uploads/{upload}/files/labels.csv"), content=f"id,class\n{wanted},rod\n".encode())
    bring(owner, world, upload_id=upload, file="labels.csv")
    assert labels(world) == {wanted: "rod"}
    assert owner.get(world.path(f"/uploads/{upload}")).status_code == 404, "used up"


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
