"""What a cycle found out about single subtomograms, over HTTP."""

from pathlib import Path

import pytest
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.labeling_world import signed_in
from fixtures.particle_files import write_particles
from sqlalchemy import select

from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle


@pytest.fixture
def world(settings: Settings, tmp_path: Path, clean_database: str) -> ExportWorld:
    made = build_export_world()
    made.import_list(write_particles(tmp_path, 6).star)
    return made


def test_likely_label_errors_say_what_still_stands(world: ExportWorld) -> None:
    world.predict(dict.fromkeys(world.ids, (9.0, 0.0, 0.0)))
    world.label(world.ids[:1], "ribosome")
    world.label(world.ids[1:2], "junk")
    said = {name: {"kind": "class", "class_id": str(each)} for name, each in world.class_ids.items()}
    listed = [
        {
            "subtomogram_id": each,
            "given": said["ribosome"],
            "suggested": said["proteasome"],
            "score": 0.9,
            "reason": "Why.",
        }
        for each in (*world.ids[:2], 999_999)
    ]
    with transaction() as session:
        cycle = session.scalars(select(Cycle)).one()
        counts = {"expected": 4, "judged": 30, "found": 3}
        cycle.metrics = {"likely_label_errors": listed, "label_errors": counts}
    curator, annotator = (signed_in(world.user_ids[name]) for name in ("ada", "ben"))
    path = f"/api/v1/projects/{world.slug}/cycles/1"

    found = curator.get(f"{path}/likely-label-errors").json()

    assert (found["expected"], found["judged"]) == (4, 30)
    assert [(each["subtomogram_id"], each["still_stands"]) for each in found["items"]] == [
        (world.ids[0], True),
        (world.ids[1], False),
    ]
    assert found["items"][0]["suggested"] == said["proteasome"]
    assert annotator.get(f"{path}/likely-label-errors").status_code == 403
    assert curator.get(f"/api/v1/projects/{world.slug}/cycles/9/likely-label-errors").status_code == 404
    metrics = annotator.get(path).json()["metrics"]
    assert "likely_label_errors" not in metrics
    assert metrics["label_errors"] == counts


def test_the_model_view_of_one_subtomogram(world: ExportWorld) -> None:
    curator = signed_in(world.user_ids["ada"])
    path = f"/api/v1/projects/{world.slug}/subtomograms"
    assert "Launch a cycle" in curator.get(f"{path}/{world.ids[0]}/model-view").json()["detail"]
    outputs = {world.ids[0]: (0.0, 2.0, 0.0), world.ids[1]: (0.0, 0.0, 9.0)}
    world.predict(outputs, unlike={world.ids[1]: 0.75}, temperature=2.0)
    world.sample(world.ids[2:3])

    first, second = (curator.get(f"{path}/{each}/model-view").json() for each in world.ids[:2])

    assert first["prediction"] == {"kind": "class", "class_id": str(world.class_ids["proteasome"])}
    assert (first["confidence"], first["unlike"]) == (pytest.approx(2.718 / 4.718, abs=1e-3), 0.0)
    assert (second["prediction"], second["unlike"]) == ({"kind": "junk", "class_id": None}, 0.75)
    blind, unscored = (curator.get(f"{path}/{each}/model-view") for each in world.ids[2:4])
    assert (blind.status_code, blind.json()["type"]) == (409, "urn:tomosift:problem:blind")
    assert (unscored.status_code, unscored.json()["type"]) == (409, "urn:tomosift:problem:not-scored")
    assert curator.get(f"{path}/999999/model-view").status_code == 404
    assert signed_in(world.user_ids["ben"]).get(f"{path}/{world.ids[0]}/model-view").status_code == 403
