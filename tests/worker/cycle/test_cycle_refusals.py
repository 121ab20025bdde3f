"""Cycles that cannot be done say why."""

import pytest
from fixtures.cycle_runs import model_count, run_here
from fixtures.cycle_world import CycleWorld, add_source, build_cycle_world
from fixtures.launched_cycles import announce_worker

from tomosift.kit.database import transaction
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings
from tomosift.volumes.store import VolumeStore
from tomosift_worker.catalogue import catalogue

pytestmark = pytest.mark.usefixtures("clean_database")

QUICK = {"steps": 12, "batch_size": 8, "learning_rate": 3e-3}


def test_what_needs_classes_does_not(settings: Settings) -> None:
    world = build_cycle_world()
    announce_worker(catalogue=catalogue("cpu"))
    with pytest.raises(ProblemError, match="too few labels"):
        world.launch(acquisition="badge")


def test_a_training_that_runs_away_ends_with_advice(world: CycleWorld) -> None:
    # With this weight decay each step makes the weights nine times as large, up to infinity.
    runaway = {"optimizer": "sgd", "learning_rate": 10.0, "weight_decay": 1.0, "schedule": "constant", "steps": 60}
    cycle = world.launch(training={**QUICK, **runaway})

    with pytest.raises(ProblemError) as problem:
        run_here(cycle)

    assert problem.value.kind == "training-diverged"
    assert "learning rate below 10" in problem.value.detail
    assert model_count() == 0


def test_missing_volumes_are_named(world: CycleWorld, settings: Settings) -> None:
    VolumeStore(settings.effective_store_url).delete(str(world.source_id))

    with pytest.raises(ProblemError) as problem:
        run_here(world.launch())

    assert problem.value.kind == "volumes-missing"
    assert str(world.source_id) in problem.value.detail


def test_boxes_of_two_sizes_are_refused(world: CycleWorld) -> None:
    add_source(world, count=3, box=16)

    with pytest.raises(ProblemError) as problem:
        run_here(world.launch())

    assert problem.value.kind == "mixed-box-sizes"
    assert "16 and 24 voxels" in problem.value.detail


def test_settings_nobody_checked_at_the_launch_are_checked_here(world: CycleWorld) -> None:
    with pytest.raises(ProblemError) as problem:
        run_here(world.launch(training={"steps": "many"}))

    assert problem.value.kind == "bad-settings"
    assert "training.steps" in problem.value.detail


def test_labels_of_one_class_only_are_refused(settings: Settings) -> None:
    world = build_cycle_world()
    world.label([*world.of_class("rod")[:9], *world.of_class("sphere")[:1]])
    cycle = world.launch()
    with transaction() as session:
        cycle_row = session.get_one(type(cycle), cycle.id)
        cycle_row.label_snapshot_event_id -= 1

    with pytest.raises(ProblemError) as problem:
        run_here(cycle)

    assert problem.value.kind == "too-few-classes"
    assert "All training labels are rod." in problem.value.detail
