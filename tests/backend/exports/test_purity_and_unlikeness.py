"""Expected purity at every threshold, and what is unlike all classes, in previews, lists and the manifest."""

import json
from pathlib import Path

import pytest
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.labeling_world import signed_in
from fixtures.particle_files import write_particles

from tomosift.exports.purity import THRESHOLDS
from tomosift.kit.settings import Settings

RIBOSOME, DOUBTFUL, JUNK = (9.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 9.0)  # 1.00, 0.58 and 1.00 sure


@pytest.fixture
def world(settings: Settings, tmp_path: Path, clean_database: str) -> ExportWorld:
    made = build_export_world()
    made.import_list(write_particles(tmp_path, 12).star)
    ids = made.ids
    outputs = {
        **dict.fromkeys(ids[:6], DOUBTFUL),
        **dict.fromkeys(ids[6:10], RIBOSOME),
        **dict.fromkeys(ids[10:], JUNK),
    }
    made.predict(outputs, unlike={ids[0]: 0.99, ids[1]: 0.9, ids[6]: 0.97, ids[10]: 0.99})
    made.sample([*ids[:2], *ids[6:8]])
    made.label(ids[:2], "proteasome")
    made.label(ids[6:8], "ribosome")
    return made


def test_purity_is_the_figure_of_a_preview_at_each_threshold(world: ExportWorld) -> None:
    client = signed_in(world.user_ids["ada"])
    path = f"/api/v1/projects/{world.slug}/exports"
    found = client.get(f"{path}/purity", params={"cycle": 1}).json()

    assert (found["cycle"], found["calibrated"], found["thresholds"]) == (1, True, THRESHOLDS)
    rows = {row["name"]: row for row in found["classes"]}
    assert list(rows) == ["all", "ribosome", "junk"]
    assert (rows["all"]["count"][0], rows["ribosome"]["count"][0], rows["junk"]["count"][0]) == (8, 6, 2)
    half, sure = THRESHOLDS.index(0.5), THRESHOLDS.index(0.9)
    assert (rows["ribosome"]["n"][half], rows["ribosome"]["share"][half]) == (4, 0.5)
    assert (rows["ribosome"]["count"][sure], rows["ribosome"]["n"][sure], rows["ribosome"]["share"][sure]) == (2, 2, 1)
    assert (rows["junk"]["n"][0], rows["junk"]["share"][0], rows["junk"]["low"][0]) == (0, None, None)
    for confidence in (0.5, 0.9):
        asked = {"filters": {"classes": ["ribosome"], "min_confidence": confidence}}
        row = client.post(f"{path}/preview", json=asked).json()["classes"][0]
        at = THRESHOLDS.index(confidence)
        expected = {name: rows["ribosome"][name][at] for name in ("n", "share", "low", "high")}
        assert {name: row["precision"][name] for name in expected} == expected
        assert row["by_model"] == rows["ribosome"]["count"][at]
    assert signed_in(world.user_ids["ben"]).get(f"{path}/purity").status_code == 403


def test_the_unlike_are_left_out_or_listed(world: ExportWorld) -> None:
    files = world.exported(filters={"max_unlike": 0.95}, columns=["unlike"], format="csv")

    manifest = json.loads(files["manifest.json"])
    assert manifest["request"]["filters"] == {"max_unlike": 0.95}
    assert manifest["particles"]["left_out_as_unlike"] == 1, "people's labels stay however unlike"
    assert b"1 predicted particles are left out by how unlike" in files["README.txt"]
    lines = next(text for name, text in files.items() if name.endswith(".csv")).decode().splitlines()
    assert "tomosiftUnlike" in lines[0]
    assert len(lines) == 12
    assert sum("0.9900" in line for line in lines) == 1, "the labeled one"

    ask = {"classes_from": "predictions", "filters": {"min_unlike": 0.95}}
    client = signed_in(world.user_ids["ada"])
    preview = client.post(f"/api/v1/projects/{world.slug}/exports/preview", json=ask).json()
    assert preview["selected"] == 3
    ribosome = preview["classes"][0]
    assert (ribosome["count"], ribosome["precision"]["n"]) == (2, 2), "measured on items that are as unlike"


def test_a_cycle_that_does_not_say_is_told(world: ExportWorld) -> None:
    world.predict(dict.fromkeys(world.ids, RIBOSOME))
    client = signed_in(world.user_ids["ada"])
    refused = client.post(f"/api/v1/projects/{world.slug}/exports/preview", json={"filters": {"max_unlike": 0.9}})
    assert refused.status_code == 422
    assert "leave max_unlike and min_unlike out" in refused.json()["detail"]
