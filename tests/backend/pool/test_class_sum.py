"""The mean of a class's labeled particles, to show beside its name."""

from pathlib import Path

import numpy as np
import pytest
from fixtures.export_world import BOX, build_export_world, cubes
from fixtures.labeling_world import signed_in
from fixtures.particle_files import write_particles

from tomosift.kit.settings import Settings


@pytest.mark.usefixtures("clean_database")
def test_a_class_sum_is_the_mean_of_the_first_4_8_or_16_labels(settings: Settings, tmp_path: Path) -> None:
    world = build_export_world()
    ids = world.import_list(write_particles(tmp_path, 12).star, volumes=True)
    client = signed_in(world.user_ids["ben"])
    path = f"/api/v1/projects/{world.slug}/classes/{world.class_ids['ribosome']}/sum"
    world.sample(ids[:2])
    world.label(ids[:5], "ribosome")  # three count: the evaluation sample is left out
    too_few = client.get(path)
    assert (too_few.status_code, too_few.json()["type"]) == (404, "urn:tomosift:problem:too-few-labels")
    world.label(ids[5:8], "ribosome")
    world.label(ids[8:9], "proteasome")

    answer = client.get(path, params={"format": "float16"})

    assert (answer.status_code, answer.headers["X-Particles"]) == (200, "4")
    stored = np.frombuffer(answer.content, "<f2").astype(float).reshape(BOX, BOX, BOX)
    sum_ = float(answer.headers["X-Volume-Offset"]) + float(answer.headers["X-Volume-Scale"]) * stored
    members = cubes(ids[2:6])
    expected = np.mean([(each - each.mean()) / each.std() for each in members], axis=0)
    assert np.abs(sum_ - expected).max() < 1e-2
