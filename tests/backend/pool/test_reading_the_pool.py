"""Reading the pool: pages and filters, one subtomogram with all it came with, voxels for the viewer."""

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from fixtures.particle_files import write_particles
from fixtures.web_client import API, Service, make_project
from numpy.typing import NDArray
from sqlalchemy import select

from tomosift.kit.database import transaction
from tomosift.kit.running_job import run_job
from tomosift.kit.settings import Settings
from tomosift.pool import source_table
from tomosift.pool.import_run import run_import
from tomosift.pool.imports import ListLocation, request_import
from tomosift.tables import CurrentLabel, LabelEvent, ParticleClass, Subtomogram

pytestmark = pytest.mark.usefixtures("clean_database")


class Pool:
    """Twelve imported subtomograms; the first ones are labeled class, junk, unsure and skip."""

    def __init__(self, folder: Path) -> None:
        self.service = Service()
        self.client: TestClient = self.service.owner()
        self.project = make_project(self.client)
        particles = write_particles(folder, 12)
        self.volumes: NDArray[np.float32] = particles.volumes
        with transaction() as session:
            location = ListLocation(particles.star, folder)
            job_id = request_import(session, uuid.UUID(str(self.project["id"])), None, location).id
        run_job(job_id, run_import)
        self.class_id = self._label()

    def _label(self) -> uuid.UUID:
        project_id = uuid.UUID(str(self.project["id"]))
        with transaction() as session:
            class_id = session.scalars(select(ParticleClass.id).order_by(ParticleClass.position)).first()
            assert class_id is not None
            cubes = session.scalars(select(Subtomogram).order_by(Subtomogram.id)).all()
            for cube, kind in zip(cubes, ("class", "junk", "unsure", "skip"), strict=False):
                event = LabelEvent(
                    project_id=project_id,
                    subtomogram_id=cube.id,
                    user_id=self.service.owner_id(),
                    kind=kind,
                    class_id=class_id if kind == "class" else None,
                    class_set_version=1,
                    work="query",
                    idempotency_key=uuid.uuid4().hex,
                    payload_hash=b"",
                    response={},
                )
                session.add(event)
                session.flush()
                session.add(
                    CurrentLabel(
                        subtomogram_id=cube.id,
                        project_id=project_id,
                        kind=kind,
                        class_id=event.class_id,
                        rule="single",
                        event_id=event.id,
                        opinion_count=1,
                    )
                )
        return class_id

    def listed(self, **query: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        while True:
            page = self.client.get(f"{API}/projects/ribosomes/subtomograms", params=query).json()
            items += page["items"]
            if page["next"] is None:
                return items
            query["after"] = page["next"]


@pytest.fixture
def pool(settings: Settings, tmp_path: Path) -> Pool:
    return Pool(tmp_path / "particles")


def rows(items: list[dict[str, Any]]) -> list[int]:
    return [item["source_row"] for item in items]


def test_pages_show_each_subtomogram_once_in_order(pool: Pool) -> None:
    for limit in (1, 5, 12, 100):
        assert rows(pool.listed(limit=limit)) == list(range(12))


def test_filters(pool: Pool) -> None:
    assert rows(pool.listed(label=f"class:{pool.class_id}")) == [0]
    assert rows(pool.listed(label="junk")) == [1]
    assert rows(pool.listed(label="unsure")) == [2]
    assert rows(pool.listed(label="unlabeled", limit=3)) == list(range(4, 12))
    assert rows(pool.listed(label=f"class:{uuid.uuid4()}")) == []
    assert rows(pool.listed(tomogram="TS_1")) == [1, 4, 7, 10]
    assert rows(pool.listed(tomogram="TS_1", label="junk")) == [1]
    assert rows(pool.listed(tomogram="' OR 1=1 --")) == []
    for wrong in ("anything", "class:", "class:me", "class:------------------------------------", "junk;"):
        answer = pool.client.get(f"{API}/projects/ribosomes/subtomograms", params={"label": wrong})
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:tomosift:problem:bad-filter")


def test_labels_are_shown(pool: Pool) -> None:
    labels = [item["label"] for item in pool.listed()]
    assert labels[0] == {"kind": "class", "class_id": str(pool.class_id)}
    assert labels[1] == {"kind": "junk", "class_id": None}
    assert labels[4] is None


def test_one_subtomogram_tells_all_its_list_said(pool: Pool) -> None:
    item = pool.listed()[7]
    detail = pool.client.get(f"{API}/projects/ribosomes/subtomograms/{item['id']}").json()
    assert {name: detail[name] for name in item} == item
    assert (detail["rot"], detail["tilt"], detail["psi"]) == (10, 20, 30)
    assert (detail["box_size"], detail["voxel_size_angstrom"]) == (16, 10)
    assert detail["columns"]["rlnImageName"] == item["name"] == "Extract/000008.mrc"
    assert detail["columns"]["labNote"] == "0-7"


def test_the_table_is_read_from_any_row_group(pool: Pool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(source_table, "ROW_GROUP", 5)
    particles = write_particles(tmp_path / "more", 12, seed=9)
    with transaction() as session:
        location = ListLocation(particles.star, particles.star.parent)
        job_id = request_import(session, uuid.UUID(str(pool.project["id"])), None, location).id
    run_job(job_id, run_import)
    for item in pool.listed()[12:]:
        detail = pool.client.get(f"{API}/projects/ribosomes/subtomograms/{item['id']}").json()
        assert detail["columns"]["labNote"] == f"9-{item['source_row']}"


@pytest.mark.parametrize(("number_format", "dtype", "tolerance"), [("uint8", "u1", 0.03), ("float16", "<f2", 0.004)])
def test_voxels_come_with_what_is_needed_to_read_them(
    pool: Pool, number_format: str, dtype: str, tolerance: float
) -> None:
    item = pool.listed()[3]
    answer = pool.client.get(item["volume_url"], params={"format": number_format, "h": item["volume_url"][-32:]})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["X-Volume-Shape"] == "16,16,16"
    assert answer.headers["X-Volume-Type"] == number_format
    numbers = np.frombuffer(answer.content, dtype).reshape(16, 16, 16).astype(np.float64)
    values = float(answer.headers["X-Volume-Offset"]) + float(answer.headers["X-Volume-Scale"]) * numbers
    volume = pool.volumes[3]
    low, high = np.percentile(volume, (0.05, 99.95))
    np.testing.assert_allclose(values, np.clip(volume, low, high) if dtype == "u1" else volume, atol=tolerance)
    assert float(answer.headers["X-Volume-Mean"]) == pytest.approx(volume.mean(), abs=1e-6)
    assert float(answer.headers["X-Volume-Std"]) == pytest.approx(volume.std(), abs=1e-6)


def test_voxels_may_be_kept_for_ever_under_their_hash_and_only_so(pool: Pool) -> None:
    item = pool.listed()[3]
    path = item["volume_url"].partition("?")[0]
    kept = pool.client.get(item["volume_url"])
    assert kept.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert pool.client.get(path).headers["Cache-Control"] == "private, no-cache"
    assert pool.client.get(path, params={"h": "0" * 32}).status_code == 404
    assert pool.client.get(path, params={"format": "float64"}).status_code == 422


def test_subtomograms_of_other_projects_are_not_there(pool: Pool) -> None:
    make_project(pool.client, "Other")
    item = pool.listed()[0]
    for rest in ("", "/volume"):
        answer = pool.client.get(f"{API}/projects/other/subtomograms/{item['id']}{rest}")
        assert answer.status_code == 404


def test_the_project_list_counts_pool_and_decisions(pool: Pool) -> None:
    summary = pool.client.get(f"{API}/projects").json()["items"][0]
    assert (summary["pool_size"], summary["labeled_count"]) == (12, 3), "a skip is no decision"
