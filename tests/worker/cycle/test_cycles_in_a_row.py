"""A cycle after another: where it starts, what it compares with, and what is new since."""

import numpy as np
import pytest
from fixtures.cycle_runs import artifacts, log_of, run_here
from fixtures.cycle_world import CycleWorld, add_source

from tomosift.kit.database import transaction
from tomosift.tables import ParticleClass

pytestmark = pytest.mark.usefixtures("clean_database")

QUICK = {"steps": 12, "batch_size": 8, "learning_rate": 3e-3}


def test_the_second_cycle_compares_with_the_first(world: CycleWorld) -> None:
    first = run_here(world.launch(acquisition="cod"))
    assert "compared with those of the initial weights" in log_of(first)
    world.label(world.of_class("rod")[4:7])

    second = run_here(world.launch(acquisition="cod"))

    assert "Training goes on from the weights of cycle 1." in log_of(second)
    before = artifacts().read_tensors(first.scores_key or "")
    now = artifacts().read_tensors(second.scores_key or "")
    difference = softmax(now["logits"]) - softmax(before["logits"])
    np.testing.assert_allclose(now["score"], np.linalg.norm(difference, axis=1), rtol=1e-6, atol=1e-7)


def softmax(logits: np.ndarray) -> np.ndarray:
    grown = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def test_new_particles_and_new_classes_since_the_cycle_before(world: CycleWorld) -> None:
    run_here(world.launch(acquisition="cod"))
    with transaction() as session:
        cone = ParticleClass(project_id=world.project_id, position=9, name="cone", color="#000000")
        session.add(cone)
        session.flush()
        world.class_ids["cone"] = cone.id
    new_ids = add_source(world, count=5)
    world.label(new_ids[:2], "cone")

    second = run_here(world.launch(acquisition="cod"))

    assert second.stage == "ready"
    assert "classes new to it start from random weights" in log_of(second)
    assert "The classes have changed" in log_of(second)
    scored = artifacts().read_tensors(second.scores_key or "")["item_ids"]
    assert set(new_ids) <= set(scored.tolist())


def test_another_network_starts_from_random_weights(world: CycleWorld) -> None:
    run_here(world.launch(training={**QUICK, "warm_start": "always"}))

    second = run_here(world.launch(network={"width": 5, "stem_stride": 2}, training={**QUICK, "warm_start": "always"}))

    assert "the earlier model is another network" in log_of(second)
