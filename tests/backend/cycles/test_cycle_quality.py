"""What a cycle found out about single subtomograms, over HTTP."""

from pathlib import Path

import pytest
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.labeling_world import signed_in
from fixtures.particle_files import write_particles
from sqlalchemy import select

from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle, ParticleClass

REPORT = {
    "n": 20,
    "accuracy": 0.85,
    "low": 0.6,
    "high": 0.9,
    "balanced_accuracy": 0.8,
    "per_class": [],
    "confusion": {"names": [], "rows": []},
}


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
        cycle.metrics = {"likely_label_errors": listed, "label_errors": counts, "report": REPORT}
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


def test_label_errors_of_merged_classes_and_of_a_weak_network(world: ExportWorld) -> None:
    world.predict(dict.fromkeys(world.ids, (9.0, 0.0, 0.0)))
    world.label(world.ids[:2], "ribosome")
    ribosome, proteasome = (
        {"kind": "class", "class_id": str(world.class_ids[name])} for name in ("ribosome", "proteasome")
    )
    junk = {"kind": "junk", "class_id": None}
    listed = [
        {"subtomogram_id": each, "given": ribosome, "suggested": said, "score": 0.9, "reason": "Why."}
        for each, said in zip(world.ids[:2], (proteasome, junk), strict=True)
    ]
    with transaction() as session:
        cycle = session.scalars(select(Cycle)).one()
        counts = {"expected": 4, "judged": 30, "found": 2}
        weak = {**REPORT, "accuracy": 0.79}
        cycle.metrics = {"likely_label_errors": listed, "label_errors": counts, "report": weak}
        merged = session.get_one(ParticleClass, world.class_ids["ribosome"])
        merged.merged_into_id, merged.retired_in_version = world.class_ids["proteasome"], 2
    curator = signed_in(world.user_ids["ada"])

    found = curator.get(f"/api/v1/projects/{world.slug}/cycles/1/likely-label-errors").json()

    # Ribosomes are proteasomes now: that they look like them is no error any more. Below 80 % nothing is counted.
    assert [(each["given"], each["suggested"]) for each in found["items"]] == [(proteasome, junk)]
    assert found["expected"] is None
    shown = curator.get(f"/api/v1/projects/{world.slug}/cycles/1").json()["metrics"]["label_errors"]
    assert (shown["expected"], shown["found"]) == (None, 2)
