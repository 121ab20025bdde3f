"""A list imported again adds what is new; a list with other voxels replaces the volumes and nothing else."""

import uuid
from pathlib import Path

import numpy as np
import pytest
from fixtures.particle_files import COLUMNS, write_particles
from fixtures.tomogram_files import write_coordinates, write_tomograms
from fixtures.web_client import API, Service, make_project
from sqlalchemy import select, update

from tomosift.formats.star import write_particle_star
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings
from tomosift.pool.import_run import run_import, sweep_leftovers
from tomosift.pool.import_schemas import CutIn, ImportOptions, TomogramsIn
from tomosift.pool.imports import ListLocation, request_import
from tomosift.pool.label_import_run import run_label_import
from tomosift.pool.subtomograms import read_columns, read_volume
from tomosift.tables import (
    CurrentLabel,
    Cycle,
    EvaluationItem,
    Job,
    JobLogLine,
    LabelEvent,
    Project,
    QueueItem,
    Source,
    Subtomogram,
)
from tomosift.volumes.encoding import content_hash
from tomosift.volumes.store import VolumeStore

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


@pytest.fixture
def project_id(service: Service) -> uuid.UUID:
    chosen = {"batch_size": 4, "evaluation_minimum": 3, "evaluation_maximum": 10}
    return uuid.UUID(str(make_project(service.owner(), settings=chosen)["id"]))


def import_list(project_id: uuid.UUID, star: Path, **options: object) -> Job:
    with transaction() as session:
        location = ListLocation(star.resolve(), star.parent.resolve())
        job_id = request_import(session, project_id, None, location, ImportOptions.model_validate(options)).id
    run_job(job_id, run_import)
    with transaction() as session:
        return session.get_one(Job, job_id)


def result_of(job: Job) -> dict[str, object]:
    assert (job.state, job.problem) == ("succeeded", None)
    assert job.result is not None
    return job.result


def subset(star: Path, rows: list[int], name: str) -> Path:
    """The list with these rows alone, in this order, beside it."""
    lines = star.read_text().splitlines()
    body = [line for line in lines if line.startswith("TS_")]
    head = lines[: lines.index(body[0])]
    made = star.with_name(name)
    made.write_text("\n".join([*head, *(body[row] for row in rows)]) + "\n")
    return made


def test_a_list_that_has_grown_adds_its_new_rows_alone(
    project_id: uuid.UUID, settings: Settings, tmp_path: Path
) -> None:
    particles = write_particles(tmp_path, 12)
    first = subset(particles.star, [3, 0, 7, 5, 1, 2], "first.star")
    assert result_of(import_list(project_id, first))["row_count"] == 6
    grown = result_of(import_list(project_id, particles.star))
    assert (grown["row_count"], grown["already_there"]) == (6, 6)
    with transaction() as session:
        sources = session.scalars(select(Source).order_by(Source.created_at)).all()
        rows = session.scalars(select(Subtomogram).order_by(Subtomogram.id)).all()
    assert [source.row_count for source in sources] == [6, 6]
    order = [3, 0, 7, 5, 1, 2, 4, 6, 8, 9, 10, 11]
    assert [row.content_hash for row in rows] == [content_hash(particles.volumes[each]) for each in order]
    assert [row.source_row for row in rows] == [*range(6), *range(6)]
    for row, number in zip(rows, order, strict=True):
        source = next(each for each in sources if each.id == row.source_id)
        np.testing.assert_array_equal(read_volume(source.volumes_key, row.source_row), particles.volumes[number])
        assert read_columns(source, row.source_row)["labNote"] == f"0-{number}"
    assert len(VolumeStore(settings.effective_store_url).open(sources[1].volumes_key)) == 6
    again = result_of(import_list(project_id, particles.star))
    assert (again["row_count"], again["already_there"], again["source_id"]) == (0, 12, None)
    with transaction() as session:
        assert len(session.scalars(select(Source)).all()) == 2


def test_labels_that_come_along_are_those_of_the_added_particles(project_id: uuid.UUID, tmp_path: Path) -> None:
    particles = write_particles(tmp_path, 12)
    labels = {"as": "labels", "importer": "Class3D job042", "column": "labNote", "create_classes": True}
    import_list(project_id, subset(particles.star, [0, 1], "first.star"))
    grown = import_list(project_id, particles.star, labels=labels)
    run_job(uuid.UUID(str(result_of(grown)["label_job_id"])), run_label_import)
    with transaction() as session:
        labeled = set(session.scalars(select(CurrentLabel.subtomogram_id)))
        sample = set(session.scalars(select(EvaluationItem.subtomogram_id)))
        added = set(session.scalars(select(Subtomogram.id).order_by(Subtomogram.id).offset(2)))
        lines = session.scalars(select(JobLogLine.message).where(JobLogLine.job_id == grown.id)).all()
    assert labeled == added - sample
    assert any(line.startswith("the labels of the 2 particles that were there already were not read") for line in lines)


def test_what_is_already_there_needs_no_files(project_id: uuid.UUID, tmp_path: Path) -> None:
    particles = write_particles(tmp_path, 6)
    import_list(project_id, subset(particles.star, [0, 1, 2], "first.star"))
    for row in (1, 2, 3):
        (tmp_path / "Extract" / f"{row:06d}.mrc").unlink()
    assert result_of(import_list(project_id, particles.star))["row_count"] == 3


def test_row_numbers_of_problems_are_those_of_the_whole_list(project_id: uuid.UUID, tmp_path: Path) -> None:
    particles = write_particles(tmp_path, 6)
    import_list(project_id, subset(particles.star, [0, 1, 2], "first.star"))
    (tmp_path / "Extract" / "000005.mrc").unlink()
    problem = import_list(project_id, particles.star).problem or {}
    assert [each["row"] for each in problem["errors"]] == [5]


def test_rows_alike_are_all_imported_once(project_id: uuid.UUID, tmp_path: Path) -> None:
    star = subset(write_particles(tmp_path, 3).star, [0, 0, 1, 0], "twice.star")
    assert result_of(import_list(project_id, star))["row_count"] == 4
    assert result_of(import_list(project_id, star))["row_count"] == 0


def write_images_alone(folder: Path, seed: int) -> Path:
    """A list that says nothing but the images' names."""
    star = write_particles(folder, 4, seed=seed).star
    write_particle_star(star, ["rlnImageName"], [[f"Extract/{row:06d}.mrc"] for row in range(1, 5)], None)
    return star


def test_other_images_of_the_same_names_are_not_taken_for_the_same(project_id: uuid.UUID, tmp_path: Path) -> None:
    star = write_images_alone(tmp_path / "a", 0)
    assert result_of(import_list(project_id, star))["row_count"] == 4
    moved = write_images_alone(tmp_path / "moved", 0)
    moved.write_text(moved.read_text() + "\n")
    assert result_of(import_list(project_id, moved))["row_count"] == 0
    job = import_list(project_id, write_images_alone(tmp_path / "b", 1))
    assert (job.state, (job.problem or {})["type"]) == ("failed", "urn:tomosift:problem:same-names")
    assert "Row 1" in (job.problem or {})["detail"]


def test_lists_from_before_there_were_identities_are_known_by_their_content(
    project_id: uuid.UUID, tmp_path: Path
) -> None:
    star = write_particles(tmp_path, 6).star
    import_list(project_id, star)
    with transaction() as session:
        for row in session.scalars(select(Subtomogram)):
            row.identity = uuid.uuid4().bytes
    assert result_of(import_list(project_id, star))["row_count"] == 0


def label_first(project_id: uuid.UUID, user_id: uuid.UUID) -> int:
    with transaction() as session:
        row = session.scalars(select(Subtomogram).order_by(Subtomogram.id)).first()
        assert row is not None
        event = LabelEvent(
            project_id=project_id,
            subtomogram_id=row.id,
            user_id=user_id,
            kind="junk",
            class_set_version=1,
            work="query",
            idempotency_key="k",
            payload_hash=b"",
            response={},
        )
        session.add(event)
        session.flush()
        session.add(
            CurrentLabel(
                subtomogram_id=row.id,
                project_id=project_id,
                kind="junk",
                rule="single",
                event_id=event.id,
                opinion_count=1,
            )
        )
        return row.id


def state_of_work() -> list[object]:
    with transaction() as session:
        return [
            session.execute(select(CurrentLabel.subtomogram_id, CurrentLabel.kind)).all(),
            session.execute(
                select(EvaluationItem.subtomogram_id, EvaluationItem.half).order_by("subtomogram_id")
            ).all(),
            session.execute(select(QueueItem.subtomogram_id, QueueItem.position).order_by("position")).all(),
            session.scalars(select(Subtomogram.id).order_by(Subtomogram.id)).all(),
        ]


def test_another_box_keeps_labels_sample_and_queue(
    project_id: uuid.UUID, service: Service, settings: Settings, tmp_path: Path
) -> None:
    """Two sources, replaced by one list that holds the particles of both in another order, in a larger box."""
    small = write_particles(tmp_path / "small", 12)
    import_list(project_id, subset(small.star, [3, 0, 7], "first.star"))
    import_list(project_id, small.star)
    label_first(project_id, service.owner_id())
    before = state_of_work()
    with transaction() as session:
        old = set(session.scalars(select(Source.volumes_key)))
        old_hashes = session.scalars(select(Subtomogram.content_hash)).all()
    large = write_particles(tmp_path / "large", 14, box=20)
    order = [5, 13, 2, 0, 1, 12, 11, 3, 4, 10, 9, 8, 7, 6]
    job = import_list(project_id, subset(large.star, order, "turned.star"), replace_volumes=True)
    result = result_of(job)
    assert (result["replaced_count"], result["left_out"], result["row_count"]) == (12, 2, 0)
    assert state_of_work() == before
    with transaction() as session:
        project = session.get_one(Project, project_id)
        sources = {each.id: each for each in session.scalars(select(Source))}
        rows = session.scalars(select(Subtomogram).order_by(Subtomogram.id)).all()
    assert project.box_size == 20
    assert {(each.box_size, each.row_count) for each in sources.values()} == {(20, 3), (20, 9)}
    for row, number in zip(rows, [3, 0, 7, 1, 2, 4, 5, 6, 8, 9, 10, 11], strict=True):
        source = sources[row.source_id]
        np.testing.assert_array_equal(read_volume(source.volumes_key, row.source_row), large.volumes[number])
        assert row.content_hash == content_hash(large.volumes[number])
        assert row.content_hash not in old_hashes
    store = VolumeStore(settings.effective_store_url)
    assert not any(store.exists(name) for name in old), "the old voxels are gone"
    detail = service.owner().get(f"{API}/projects/ribosomes/subtomograms/{rows[0].id}").json()
    assert (detail["box_size"], detail["label"]["kind"]) == (20, "junk")


def test_a_list_that_lacks_particles_replaces_nothing(project_id: uuid.UUID, tmp_path: Path) -> None:
    import_list(project_id, write_particles(tmp_path / "small", 6).star)
    large = write_particles(tmp_path / "large", 4, box=20)
    job = import_list(project_id, large.star, replace_volumes=True)
    problem = job.problem or {}
    assert (job.state, problem["type"], problem["missing"]) == ("failed", "urn:tomosift:problem:particles-missing", 2)
    with transaction() as session:
        assert session.get_one(Project, project_id).box_size == 16


def test_an_empty_project_has_nothing_to_replace(project_id: uuid.UUID, tmp_path: Path) -> None:
    job = import_list(project_id, write_particles(tmp_path, 4).star, replace_volumes=True)
    assert (job.problem or {})["type"] == "urn:tomosift:problem:nothing-to-replace"


def test_voxels_that_a_cycle_reads_stay_until_it_is_over(
    project_id: uuid.UUID, settings: Settings, tmp_path: Path
) -> None:
    import_list(project_id, write_particles(tmp_path / "small", 6).star)
    with transaction() as session:
        old = session.scalars(select(Source.volumes_key)).one()
        job = Job(project_id=project_id, kind="cycle", task="t", queue="gpu", state="running")
        session.add(job)
        session.flush()
        cycle = Cycle(
            project_id=project_id,
            number=1,
            job_id=job.id,
            settings={},
            trigger={},
            class_set_version=1,
            label_snapshot_event_id=0,
        )
        session.add(cycle)
    import_list(project_id, write_particles(tmp_path / "large", 6, box=20).star, replace_volumes=True)
    store = VolumeStore(settings.effective_store_url)
    sweep_leftovers()
    assert store.exists(old)
    with transaction() as session:
        session.execute(update(Job).where(Job.kind == "cycle").values(state="succeeded", finished_at=utc_now()))
    sweep_leftovers()
    assert not store.exists(old)
    with transaction() as session:
        assert store.exists(session.scalars(select(Source.volumes_key)).one())


def test_boxes_can_be_cut_anew(project_id: uuid.UUID, tmp_path: Path) -> None:
    tomograms = write_tomograms(tmp_path / "tomograms")
    star = write_coordinates(tmp_path / "particles.star")
    given = TomogramsIn(folder=str(tmp_path / "tomograms"))
    import_list(project_id, star, tomograms=given, cut=CutIn(box_size=16))
    result = result_of(import_list(project_id, star, tomograms=given, cut=CutIn(box_size=10), replace_volumes=True))
    assert result["replaced_count"] == 8
    with transaction() as session:
        source = session.scalars(select(Source)).one()
    np.testing.assert_array_equal(read_volume(source.volumes_key, 1), tomograms["TS_01"][13:23, 15:25, 25:35])
    assert COLUMNS[0] in source.columns
