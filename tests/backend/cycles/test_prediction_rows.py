"""Rows of predictions: those of the serving model, all or none, whatever happens on the way."""

from pathlib import Path

import numpy as np
import pytest
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.labeling_world import rows, scalar, signed_in
from fixtures.particle_files import write_particles
from fixtures.prediction_jobs import store_predictions
from sqlalchemy import select

from tomosift.cycles import prediction_rows
from tomosift.kit import stored_columns
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle, Project


@pytest.fixture
def world(settings: Settings, tmp_path: Path, clean_database: str) -> ExportWorld:
    made = build_export_world()
    made.import_list(write_particles(tmp_path, 6).star)
    return made


def stored() -> list[tuple[int, int, int, float, float | None, float | None]]:
    found = rows(
        "SELECT c.number, p.subtomogram_id, p.output, p.confidence, p.score, p.unlike FROM prediction p "
        "JOIN cycle c ON c.id = p.cycle_id ORDER BY p.subtomogram_id"
    )
    return [tuple(row) for row in found]


def test_the_rows_are_the_outputs_of_the_serving_model(world: ExportWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third, fourth = world.ids[:4]
    logits = {first: (2.0, 0.0, 0.0), second: (0.0, 4.0, 0.0), third: (np.nan, 0.0, 0.0), fourth: (0.0, 0.0, 9.0)}
    sample = {fourth: (0.0, 6.0, 0.0)}
    world.predict(logits, evaluation=sample, temperature=2.0, unlike={second: 0.75}, scores={first: 0.5})
    monkeypatch.setattr(stored_columns, "ROWS_AT_A_TIME", 2)

    job = store_predictions(world.project_id)

    assert (job.state, job.result) == ("succeeded", {"cycle": 1, "stored": 3})
    sure = [float(np.float32(1 / (1 + 2 * np.exp(-gap)))) for gap in (1.0, 2.0, 3.0)]
    assert stored() == [
        (1, first, 0, pytest.approx(sure[0]), 0.5, 0.0),
        (1, second, 1, pytest.approx(sure[1]), None, 0.75),
        (1, fourth, 1, pytest.approx(sure[2]), None, 0.0),  # of the sample's own outputs, and once
    ]
    assert store_predictions(world.project_id).result == {"cycle": 1, "stored": 0}, "they are there already"


def test_a_newer_cycle_replaces_them_and_going_back_brings_them_again(world: ExportWorld) -> None:
    world.predict({world.ids[0]: (1.0, 0.0, 0.0)})
    store_predictions(world.project_id)
    world.predict({world.ids[1]: (1.0, 0.0, 0.0)})
    store_predictions(world.project_id)
    assert [row[:2] for row in stored()] == [(2, world.ids[1])]

    owner = signed_in(world.user_ids["ada"])
    assert owner.put(f"/api/v1/projects/{world.slug}/serving-model", json={"cycle": 1}).status_code == 200
    assert scalar("SELECT count(*) FROM job WHERE kind = 'predictions' AND state = 'queued'") == 1
    store_predictions(world.project_id)
    assert [row[:2] for row in stored()] == [(1, world.ids[0])]


def test_a_kill_on_the_way_leaves_none_and_the_next_attempt_all(
    world: ExportWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.predict(dict.fromkeys(world.ids, (1.0, 0.0, 0.0)))

    def die(*_: object) -> memoryview:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(prediction_rows, "_csv", die)
        assert store_predictions(world.project_id).state == "failed"
    assert stored() == []
    assert store_predictions(world.project_id).result == {"cycle": 1, "stored": 6}


def test_without_a_model_there_is_nothing_to_do_and_lost_outputs_are_told(world: ExportWorld) -> None:
    assert store_predictions(world.project_id).result == {"cycle": None, "stored": 0}
    world.predict({world.ids[0]: (1.0, 0.0, 0.0)})
    with transaction() as session:
        session.scalars(select(Cycle)).one().scores_key = "cycles/gone/scores.safetensors"
    job = store_predictions(world.project_id)
    assert job.state == "failed"
    assert "Launch a cycle" in (job.problem or {})["detail"]


def test_they_go_with_their_project(world: ExportWorld) -> None:
    world.predict({world.ids[0]: (1.0, 0.0, 0.0)})
    store_predictions(world.project_id)
    with transaction() as session:
        session.delete(session.get_one(Project, world.project_id))
    assert stored() == []
    assert scalar("SELECT count(*) FROM unlabeled_subtomogram") == 0
