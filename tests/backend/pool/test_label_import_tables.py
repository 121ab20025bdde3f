"""Tables of labels that exist already: how rows find their particles, and what is refused."""

import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from fixtures.label_imports import begin, bring, labels, write_csv
from fixtures.labeling_world import World, scalar, signed_in

from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import transaction
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings, get_settings
from tomosift.pool.label_import_run import run_label_import
from tomosift.tables import Source

pytestmark = pytest.mark.usefixtures("clean_database")


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
