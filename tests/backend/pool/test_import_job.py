"""Imports: what is in the pool afterwards, what is refused and why, and that nothing is ever half imported."""

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.particle_files import COLUMNS, write_particles
from fixtures.web_client import API, Service, make_project
from sqlalchemy import func, select

from tomosift.formats.mrc import write_cube, write_stack
from tomosift.formats.star import write_particle_star
from tomosift.kit.database import transaction
from tomosift.kit.job_control import LEASE, claim
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings
from tomosift.pool import import_run
from tomosift.pool.import_run import attempt_source_id, run_import, sweep_leftovers
from tomosift.pool.import_schemas import ImportOptions
from tomosift.pool.imports import ListLocation, request_import
from tomosift.pool.subtomograms import read_volume
from tomosift.tables import EvaluationItem, Job, Project, QueueItem, Source, Subtomogram
from tomosift.volumes.encoding import content_hash
from tomosift.volumes.store import VolumeStore

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def service(settings: Settings) -> Service:
    return Service()


@pytest.fixture
def project_id(service: Service) -> uuid.UUID:
    project = make_project(
        service.owner(), settings={"batch_size": 4, "evaluation_minimum": 3, "evaluation_maximum": 10}
    )
    return uuid.UUID(str(project["id"]))


def import_list(project_id: uuid.UUID, star: Path, voxel_size: float | None = None) -> Job:
    """Import `star` as the worker does, and return the job's row."""
    with transaction() as session:
        location = ListLocation(star.resolve(), star.parent.resolve())
        options = ImportOptions(voxel_size_angstrom=voxel_size)
        job_id = request_import(session, project_id, None, location, options).id
    run_job(job_id, run_import)
    with transaction() as session:
        return session.get_one(Job, job_id)


def count(table: Any) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def stored_sources(settings: Settings) -> list[str]:
    folder = Path(settings.effective_store_url)
    return sorted(path.name for place in ("volumes", "artifacts/sources") for path in (folder / place).glob("*-*"))


@pytest.mark.parametrize("stack", [False, True])
def test_import_brings_every_voxel_and_column(
    project_id: uuid.UUID, tmp_path: Path, stack: bool, service: Service
) -> None:
    particles = write_particles(tmp_path, 12, stack=stack)
    job = import_list(project_id, particles.star)
    assert (job.state, job.problem) == ("succeeded", None)
    assert job.result is not None
    assert job.result["row_count"] == 12
    with transaction() as session:
        source = session.scalars(select(Source)).one()
        rows = session.scalars(select(Subtomogram).order_by(Subtomogram.source_row)).all()
        project = session.get_one(Project, project_id)
    assert (project.box_size, project.voxel_size_angstrom) == (16, 10.0)
    assert (source.row_count, source.flavour, source.columns) == (12, "relion-3.1", COLUMNS)
    assert source.blocks["optics"]["columns"] == ["rlnOpticsGroup", "rlnImagePixelSize", "rlnImageSize"]
    for number, (row, volume) in enumerate(zip(rows, particles.volumes, strict=True)):
        assert row.content_hash == content_hash(volume)
        np.testing.assert_array_equal(read_volume(str(row.source_id), row.source_row), volume)
        assert (row.x, row.y, row.z) == (number + 0.5, number + 1, number + 2)
        assert (row.rot, row.tilt, row.psi) == (10, 20, 30)
        assert row.tomogram == f"TS_{number % 3}"
    detail = service.owner().get(f"{API}/projects/ribosomes/subtomograms/{rows[5].id}").json()
    assert list(detail["columns"]) == COLUMNS
    assert detail["columns"]["rlnCoordinateX"] == "5.50", "texts stay as they were"
    assert detail["columns"]["labNote"] == "0-5"


def test_import_makes_evaluation_sample_and_first_random_batch(project_id: uuid.UUID, tmp_path: Path) -> None:
    import_list(project_id, write_particles(tmp_path, 12).star)
    with transaction() as session:
        evaluation = {row.subtomogram_id for row in session.scalars(select(EvaluationItem))}
        queue = session.scalars(select(QueueItem).order_by(QueueItem.position)).all()
    assert len(evaluation) == 3
    assert [item.work for item in queue] == [
        "query",
        "query",
        "evaluation",
        "query",
        "query",
        "evaluation",
        "evaluation",
    ]
    assert {item.subtomogram_id for item in queue if item.work == "evaluation"} == evaluation
    picked = [item.subtomogram_id for item in queue if item.work == "query"]
    assert len(set(picked)) == 4
    assert not set(picked) & evaluation
    assert all(item.reason is None for item in queue if item.work == "evaluation")
    assert all((item.reason or {})["acquisition"] == "random" for item in queue if item.work == "query")


def test_same_list_gives_the_same_sample_in_another_project(
    project_id: uuid.UUID, service: Service, tmp_path: Path
) -> None:
    star = write_particles(tmp_path, 30).star
    other = make_project(
        service.owner(), "Twin", settings={"batch_size": 4, "evaluation_minimum": 3, "evaluation_maximum": 10}
    )
    asked = []
    for each in (project_id, uuid.UUID(str(other["id"]))):
        import_list(each, star)
        with transaction() as session:
            asked.append(
                session.execute(
                    select(Subtomogram.source_row, QueueItem.work, EvaluationItem.half)
                    .join(QueueItem, QueueItem.subtomogram_id == Subtomogram.id)
                    .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
                    .where(Subtomogram.project_id == each)
                    .order_by(QueueItem.position)
                ).all()
            )
    assert asked[0] == asked[1]


def test_second_import_joins_the_open_batch(project_id: uuid.UUID, tmp_path: Path) -> None:
    import_list(project_id, write_particles(tmp_path / "a", 12).star)
    import_list(project_id, write_particles(tmp_path / "b", 12, seed=1).star)
    with transaction() as session:
        works = session.scalars(select(QueueItem.work).order_by(QueueItem.position)).all()
        weights = set(session.scalars(select(EvaluationItem.weight)))
    assert works.count("query") == 4, "the open batch stays as it is"
    assert works.count("evaluation") == 6, "the sample grows by the same fraction"
    assert works[-3:] == ["evaluation"] * 3
    assert weights == {1.0}


def break_missing_file(folder: Path) -> Path:
    star = write_particles(folder, 4).star
    (folder / "Extract" / "000002.mrc").unlink()
    return star


def break_truncated_file(folder: Path) -> Path:
    star = write_particles(folder, 4).star
    file = folder / "Extract" / "000003.mrc"
    file.write_bytes(file.read_bytes()[:-100])
    return star


def break_with_nan(folder: Path) -> Path:
    star = write_particles(folder, 4).star
    volume = np.ones((16, 16, 16), np.float32)
    volume[3, 4, 5] = np.nan
    write_cube(folder / "Extract" / "000004.mrc", volume, 10.0)
    return star


def break_with_another_box(folder: Path) -> Path:
    star = write_particles(folder, 4).star
    write_cube(folder / "Extract" / "000001.mrc", np.ones((20, 20, 20), np.float32), 10.0)
    return star


def break_with_an_image(folder: Path) -> Path:
    star = write_particles(folder, 4).star
    write_cube(folder / "Extract" / "000002.mrc", np.ones((1, 16, 16), np.float32), 10.0)
    return star


def break_with_a_stack_index(folder: Path) -> Path:
    star = write_particles(folder, 4, stack=True).star
    star.write_text(star.read_text().replace("000003@", "000099@"))
    return star


def break_with_unnumbered_stack(folder: Path) -> Path:
    star = write_particles(folder, 4).star
    write_stack(folder / "Extract" / "000001.mrc", [np.ones((16, 16, 16), np.float32)] * 2, 10.0)
    return star


def break_with_a_path_outside(folder: Path) -> Path:
    write_cube(folder.parent / "secret.mrc", np.ones((16, 16, 16), np.float32), 10.0)
    star = write_particles(folder, 4).star
    star.write_text(star.read_text().replace("Extract/000002.mrc", "../secret.mrc"))
    return star


def break_with_a_link_outside(folder: Path) -> Path:
    write_cube(folder.parent / "secret.mrc", np.ones((16, 16, 16), np.float32), 10.0)
    star = write_particles(folder, 4).star
    (folder / "Extract" / "000002.mrc").unlink()
    (folder / "Extract" / "000002.mrc").symlink_to(folder.parent / "secret.mrc")
    return star


def break_without_voxel_size(folder: Path) -> Path:
    star = write_particles(folder, 4, voxel_size=1.0, optics={"rlnOpticsGroup": ["1"]}).star
    return star


def break_with_mixed_voxel_sizes(folder: Path) -> Path:
    star = write_particles(folder, 4, optics={"rlnOpticsGroup": ["1"]}).star
    write_cube(folder / "Extract" / "000003.mrc", np.ones((16, 16, 16), np.float32), 12.0)
    return star


def break_with_a_missing_optics_group(folder: Path) -> Path:
    groups = {"rlnOpticsGroup": ["7"], "rlnImagePixelSize": ["10"]}
    return write_particles(folder, 4, optics=groups).star


def break_with_text_for_a_number(folder: Path) -> Path:
    star = write_particles(folder, 4).star
    star.write_text(star.read_text().replace("2.50 ", "here ", 1))
    return star


def break_as_2d_stacks(folder: Path) -> Path:
    groups = {"rlnOpticsGroup": ["1"], "rlnImagePixelSize": ["10"], "rlnImageDimensionality": ["2"]}
    return write_particles(folder, 4, optics=groups).star


def break_without_images(folder: Path) -> Path:
    folder.mkdir()
    star = folder / "particles.star"
    write_particle_star(star, ["rlnCoordinateX"], [["1"], ["2"]], None)
    return star


def break_as_no_star(folder: Path) -> Path:
    folder.mkdir()
    star = folder / "particles.star"
    star.write_bytes(bytes(range(256)) * 10)
    return star


BAD_INPUT = [
    (break_missing_file, 2, "is not there"),
    (break_truncated_file, 3, "cut off"),
    (break_with_nan, 4, "NaN or infinite"),
    (break_with_another_box, 1, "20 voxels along an edge"),
    (break_with_an_image, 2, "2D image"),
    (break_with_a_stack_index, 3, "no cube 99"),
    (break_with_unnumbered_stack, 1, "must say which"),
    (break_with_a_path_outside, 2, "is not there"),
    (break_with_a_link_outside, 2, "is not there"),
    (break_without_voxel_size, 1, "voxel size is unknown"),
    (break_with_mixed_voxel_sizes, 3, "12 Å a voxel"),
    (break_with_a_missing_optics_group, 1, "optics group"),
    (break_with_text_for_a_number, 3, "is not a number"),
    (break_as_2d_stacks, None, "2D tilt stacks"),
    (break_without_images, None, "no rlnImageName|no table with the column rlnImageName"),
    (break_as_no_star, None, "no particle list"),
]


@pytest.mark.parametrize(("make", "row", "reason"), BAD_INPUT, ids=[case[0].__name__ for case in BAD_INPUT])
def test_bad_input_names_row_and_reason_and_leaves_nothing(
    project_id: uuid.UUID, settings: Settings, tmp_path: Path, make: Any, row: int | None, reason: str
) -> None:
    job = import_list(project_id, make(tmp_path / "input"))
    assert job.state == "failed"
    assert job.problem is not None
    errors = job.problem["errors"]
    assert errors[0]["row"] == row
    assert any(each in errors[0]["reason"] for each in reason.split("|")), errors[0]
    assert str(tmp_path) not in str(job.problem), "no path of the server leaks"
    assert [count(table) for table in (Source, Subtomogram, EvaluationItem, QueueItem)] == [0, 0, 0, 0]
    assert stored_sources(settings) == []
    with transaction() as session:
        assert session.get_one(Project, project_id).box_size is None


def test_all_problems_are_named_at_once_up_to_fifty(project_id: uuid.UUID, tmp_path: Path) -> None:
    star = write_particles(tmp_path, 60).star
    for row in (2, 5, 9):
        (tmp_path / "Extract" / f"{row:06d}.mrc").unlink()
    problem = import_list(project_id, star).problem or {}
    assert [each["row"] for each in problem["errors"]] == [2, 5, 9]
    for file in (tmp_path / "Extract").iterdir():
        file.unlink()
    star.write_text(star.read_text() + "\n")
    problem = import_list(project_id, star).problem or {}
    assert len(problem["errors"]) == 50
    assert "at least" in problem["detail"]


def test_nan_in_several_volumes_are_all_named(project_id: uuid.UUID, tmp_path: Path) -> None:
    star = write_particles(tmp_path, 8).star
    for row in (1, 8):
        write_cube(tmp_path / "Extract" / f"{row:06d}.mrc", np.full((16, 16, 16), np.nan, np.float32), 10.0)
    problem = import_list(project_id, star).problem or {}
    assert [each["row"] for each in problem["errors"]] == [1, 8]


def test_voxel_size_comes_from_the_list_then_the_header_then_the_user(
    service: Service, project_id: uuid.UUID, tmp_path: Path
) -> None:
    no_size = {"rlnOpticsGroup": ["1"]}
    from_header = write_particles(tmp_path / "a", 4, optics=no_size, voxel_size=7.5).star
    assert import_list(project_id, from_header).state == "succeeded"
    with transaction() as session:
        assert session.get_one(Project, project_id).voxel_size_angstrom == 7.5
    given = write_particles(tmp_path / "b", 4, optics=no_size, voxel_size=1.0, seed=3).star
    assert import_list(project_id, given, voxel_size=7.5).state == "succeeded"


def test_another_box_or_voxel_size_than_the_projects_is_refused(project_id: uuid.UUID, tmp_path: Path) -> None:
    assert import_list(project_id, write_particles(tmp_path / "a", 4).star).state == "succeeded"
    wrong_box = import_list(project_id, write_particles(tmp_path / "b", 4, box=20, seed=1).star)
    assert "the project has 16" in (wrong_box.problem or {})["detail"]
    wrong_size = import_list(project_id, write_particles(tmp_path / "c", 4, voxel_size=5, seed=2).star)
    assert "the project has 10" in (wrong_size.problem or {})["detail"]


def test_an_attempt_that_dies_leaves_nothing_and_the_next_one_succeeds(
    project_id: uuid.UUID, settings: Settings, tmp_path: Path
) -> None:
    star = write_particles(tmp_path, 6).star
    with transaction() as session:
        job_id = request_import(session, project_id, None, ListLocation(star, tmp_path)).id
    with transaction() as session:  # the first attempt copies its voxels, and its worker is killed
        dead = claim(session, job_id, "worker that dies")
    assert dead is not None
    array = VolumeStore(settings.effective_store_url).create(str(attempt_source_id(job_id, 1)), 6, 16, 10.0)
    array.write_block(0, np.zeros((6, 16, 16, 16), np.float32))
    with transaction() as session:
        job = session.get_one(Job, job_id)
        assert job.lease_expires_at is not None
        job.lease_expires_at -= 2 * LEASE
    run_job(job_id, run_import)
    with transaction() as session:
        source = session.scalars(select(Source)).one()
    assert source.id == attempt_source_id(job_id, 2)
    assert set(stored_sources(settings)) == {str(source.id)}, "the dead attempt's voxels are gone"


def test_a_worker_start_clears_up_after_imports_that_were_given_up(
    project_id: uuid.UUID, settings: Settings, tmp_path: Path
) -> None:
    star = write_particles(tmp_path, 6).star
    kept = import_list(project_id, star)
    with transaction() as session:
        lost = Job(project_id=project_id, kind="import", task="t", queue="cpu", state="failed", attempt=2)
        session.add(lost)
        session.flush()
        lost.finished_at = kept.finished_at
    for attempt in (1, 2):
        VolumeStore(settings.effective_store_url).create(str(attempt_source_id(lost.id, attempt)), 6, 16, 10.0)
    sweep_leftovers()
    assert set(stored_sources(settings)) == {str(attempt_source_id(kept.id, 1))}


def test_cancel_while_copying_leaves_nothing(
    project_id: uuid.UUID, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    star = write_particles(tmp_path, 12).star
    with transaction() as session:
        job_id = request_import(session, project_id, None, ListLocation(star, tmp_path)).id
    owner = service.owner()
    # After the first block was written, somebody presses the button, and the heartbeat notices.
    write_table = import_run.write_table

    def cancel_then_write(*arguments: Any) -> None:
        answer = owner.post(f"{API}/projects/ribosomes/jobs/{job_id}/cancel")
        assert answer.status_code == 200
        write_table(*arguments)
        assert len(arguments[3]) == 12
        assert stored_sources(settings) != []
        _wait_for_heartbeat(job_id)

    monkeypatch.setattr(import_run, "write_table", cancel_then_write)
    run_job(job_id, run_import)
    with transaction() as session:
        assert session.get_one(Job, job_id).state == "cancelled"
    assert stored_sources(settings) == []
    assert count(Subtomogram) == 0


def _wait_for_heartbeat(job_id: uuid.UUID) -> None:
    import time

    with transaction() as session:
        before = session.get_one(Job, job_id).heartbeat_at
    for _ in range(100):
        time.sleep(0.05)
        with transaction() as session:
            if session.get_one(Job, job_id).heartbeat_at != before:
                time.sleep(0.05)
                return
    raise AssertionError("no heartbeat came")
