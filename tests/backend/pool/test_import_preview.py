"""Previews: what is told before an import, with samples, and that nothing of it stays in the pool."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures.particle_files import write_particles
from fixtures.tomogram_files import write_coordinates, write_tomograms
from fixtures.web_client import API, Service, do_job, make_project
from sqlalchemy import func, select

from tomosift.formats.mrc import write_cube
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings
from tomosift.pool import preview_run
from tomosift.pool.import_run import run_import
from tomosift.pool.preview_checks import angles_note, contrast_warning
from tomosift.pool.preview_run import run_preview
from tomosift.pool.previews import remove_old_previews
from tomosift.tables import Job, QueueItem, Source, Subtomogram, Tomogram

pytestmark = pytest.mark.usefixtures("clean_database")


def ask_for_preview(service: Service, **body: Any) -> dict[str, Any]:
    """A preview, made at once."""
    job = do_job(service.owner(), "imports/preview", run_preview, body)
    assert job["kind"] == "preview"
    return job


def preview(service: Service, **body: Any) -> dict[str, Any]:
    job = ask_for_preview(service, **body)
    assert (job["state"], job["problem"]) == ("succeeded", None)
    found = service.owner().get(f"{API}/projects/ribosomes/imports/previews/{job['id']}")
    assert found.status_code == 200, found.text
    result: dict[str, Any] = found.json()
    return result


def test_a_preview_of_images(service: Service, roots: Path, settings: Settings) -> None:
    particles = write_particles(roots, 12)
    found = preview(service, path=str(particles.star))
    wanted = {
        "name": "particles.star",
        "format": "relion",
        "flavour": "relion-3.1",
        "row_count": 12,
        "tomogram_count": 3,
        "tomograms": ["TS_0", "TS_1", "TS_2"],
        "kind": "images",
        "box_size": 16,
        "voxel_size_angstrom": 10.0,
        "new_count": 12,
        "already_there": 0,
        "class_column": None,
        "padded_count": 0,
        "warnings": [],
        "errors": [],
    }
    assert {name: found[name] for name in wanted} == wanted
    assert "rlnImagePixelSize" in found["voxel_size_origin"]
    assert [sample["row"] for sample in found["samples"]] == [1, 2, 3, 5, 6, 7, 8, 10, 11, 12]
    answer = service.owner().get(found["samples"][3]["volume_url"], params={"format": "float16"})
    assert answer.headers["x-volume-shape"] == "16,16,16"
    numbers = np.frombuffer(answer.content, "<f2").astype(np.float64)
    values = float(answer.headers["x-volume-offset"]) + float(answer.headers["x-volume-scale"]) * numbers
    np.testing.assert_allclose(values.reshape(16, 16, 16), particles.volumes[4], atol=0.01)
    with transaction() as session:
        for table in (Source, Subtomogram, QueueItem, Tomogram):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    assert not (Path(settings.effective_store_url) / "volumes").exists()


def test_a_preview_of_boxes_to_cut(service: Service, roots: Path) -> None:
    write_tomograms(roots / "tomograms")
    star = write_coordinates(roots / "particles.star", centres=[(20, 20, 20), (4, 30, 20), (30, 30, 20)])
    body = {"path": str(star), "tomograms": {"folder": str(roots / "tomograms")}, "cut": {"box_size": 16}}
    found = preview(service, **body)
    assert (found["kind"], found["box_size"], found["voxel_size_angstrom"]) == ("cut", 16, 10.0)
    assert (found["voxel_size_origin"], found["padded_count"]) == ("the tomograms", 2)
    assert any("2 boxes reach over the edge" in each for each in found["warnings"])
    assert any("those of the tomograms" in each for each in found["warnings"])
    assert any("usual range" in each for each in found["notes"])
    assert (found["class_column"], found["class_value_count"]) == ("rlnClassNumber", 2)
    assert found["class_values"] == [{"value": "0", "count": 4}, {"value": "1", "count": 2}]
    assert [sample["padded"] for sample in found["samples"]][:2] == [0.0, 0.25]


def test_coordinates_alone_are_told_with_what_to_do(service: Service, roots: Path) -> None:
    found = preview(service, path=str(write_coordinates(roots / "particles.star")))
    assert (found["kind"], found["row_count"], found["samples"]) == ("coordinates", 8, [])
    assert "cut boxes" in found["errors"][0]["reason"]


def test_bad_rows_are_told_as_an_import_tells_them(service: Service, roots: Path) -> None:
    star = write_particles(roots, 6).star
    (roots / "Extract" / "000003.mrc").unlink()
    write_cube(roots / "Extract" / "000005.mrc", np.ones((20, 20, 20), np.float32), 10.0)
    found = preview(service, path=str(star))
    assert [(each["row"], each["column"]) for each in found["errors"]] == [(3, "image")]
    assert "is not there" in found["errors"][0]["reason"]
    assert found["row_count"] == 6


def test_samples_that_cannot_be_read_are_told(service: Service, roots: Path) -> None:
    star = write_particles(roots, 6).star
    write_cube(roots / "Extract" / "000002.mrc", np.full((16, 16, 16), np.nan, np.float32), 10.0)
    found = preview(service, path=str(star))
    assert [each["row"] for each in found["errors"]] == [2]
    assert len(found["samples"]) == 5


def test_a_file_that_is_no_list_fails_as_an_import_does(service: Service, roots: Path) -> None:
    (roots / "notes.txt").write_bytes(bytes(range(256)))
    job = ask_for_preview(service, path=str(roots / "notes.txt"))
    assert (job["state"], job["problem"]["type"]) == ("failed", "urn:tomosift:problem:bad-particles")
    answer = service.owner().get(f"{API}/projects/ribosomes/imports/previews/{job['id']}")
    assert answer.status_code == 404


def test_what_is_there_already_is_counted(service: Service, roots: Path) -> None:
    star = write_particles(roots, 6).star
    owner = service.owner()
    job = owner.post(f"{API}/projects/ribosomes/imports", json={"path": str(star)}).json()
    run_job(uuid.UUID(job["id"]), run_import)
    found = preview(service, path=str(star))
    assert (found["new_count"], found["already_there"], len(found["samples"])) == (0, 6, 6)


def test_rows_alike_are_a_warning(service: Service, roots: Path) -> None:
    star = write_particles(roots, 3).star
    lines = star.read_text().rstrip().splitlines()
    star.write_text("\n".join([*lines, lines[-1]]) + "\n")
    found = preview(service, path=str(star))
    assert any("1 particles have the same" in each for each in found["warnings"])


def test_many_files_are_looked_at_in_part(service: Service, roots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_run, "MOST_LOOKED_AT", 4)
    found = preview(service, path=str(write_particles(roots, 9).star))
    assert [sample["row"] for sample in found["samples"]] == [1, 4, 6, 9]
    assert any("4 rows were looked at" in each for each in found["notes"])
    assert found["new_count"] == 9


def test_previews_are_gone_after_a_day(service: Service, roots: Path, settings: Settings) -> None:
    job = ask_for_preview(service, path=str(write_particles(roots, 3).star))
    folder = Path(settings.effective_store_url) / "artifacts" / "previews"
    remove_old_previews(settings)
    assert len(list(folder.iterdir())) == 1
    with transaction() as session:
        session.get_one(Job, uuid.UUID(job["id"])).finished_at = utc_now() - timedelta(hours=25)
    remove_old_previews(settings)
    assert list(folder.iterdir()) == []
    assert service.owner().get(f"{API}/projects/ribosomes/jobs/{job['id']}").status_code == 404


def test_only_those_who_may_import_see_samples(service: Service, roots: Path) -> None:
    job = ask_for_preview(service, path=str(write_particles(roots, 3).star))
    with transaction() as session:
        project_id = str(session.get_one(Job, uuid.UUID(job["id"])).project_id)
    url = f"{API}/projects/ribosomes/imports/previews/{job['id']}/samples/0"
    assert service.member(project_id, "viewer").get(url).status_code == 403
    assert service.member(project_id, "curator").get(url).status_code == 200
    assert service.owner().get(url.replace("samples/0", "samples/99")).status_code == 404
    make_project(service.owner(), "Other")
    assert service.owner().get(url.replace("/ribosomes/", "/other/")).status_code == 404


def balls(sign: float, count: int = 8, box: int = 24) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Noise with a faint ball in the middle."""
    axis = np.arange(box) - box // 2
    ball = (axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2 < 36).astype(np.float32)
    return [
        (np.random.default_rng(seed).normal(size=(box,) * 3) + sign * 0.3 * ball).astype(np.float32)
        for seed in range(count)
    ]


def test_suspicious_contrast_is_told_either_way() -> None:
    assert contrast_warning(balls(1.0), "bright") is None
    assert contrast_warning(balls(-1.0), "dark") is None
    assert "brighter" in (contrast_warning(balls(1.0), "dark") or "")
    assert "darker" in (contrast_warning(balls(-1.0), "bright") or "")


def test_noise_and_few_samples_are_not_suspicious() -> None:
    assert contrast_warning(balls(0.0), "dark") is None
    assert contrast_warning(balls(0.0), "bright") is None
    assert contrast_warning(balls(1.0, count=3), "dark") is None
    assert contrast_warning([np.ones((8, 8, 8), np.float32)] * 6, "dark") is None


def test_angles_far_outside_are_noted() -> None:
    assert angles_note(np.array([[180.0, 0.0, -180.0], [np.nan, np.nan, np.nan]])) is None
    assert (angles_note(np.array([[10742.958, 20.0, 0.0], [0.0, 20.0, 0.0]])) or "").startswith("1 orientations")
