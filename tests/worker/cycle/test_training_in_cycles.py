"""Every training method and network in a whole cycle, and volumes nothing can be learned from."""

import numpy as np
import pytest
from fixtures.cycle_runs import artifacts, log_of, model_of, queue_of, run_here
from fixtures.cycle_world import CycleWorld, build_cycle_world, simple_pool

from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings
from tomosift_worker.cycle import labeled_volumes
from tomosift_worker.cycle.model_files import read_model
from tomosift_worker.training.catalogue import TRAINING_METHODS
from tomosift_worker.training.settings import PreprocessingSettings

pytestmark = pytest.mark.usefixtures("clean_database")

QUICK = {"steps": 8, "batch_size": 6, "learning_rate": 3e-3, "checkpoint_seconds": 0.05}
AUTOENCODER = {"kind": "ac3d", "width": 4, "code_size": 8, "hidden_size": 16}
COUNTS = {"sphere": 14, "rod": 14, "plate": 8, "junk": 4}


def world_with(counts: dict[str, int] = COUNTS, damaged: tuple[int, ...] = ()) -> CycleWorld:
    volumes, names = simple_pool(counts, box=20)
    volumes[list(damaged)] = np.nan
    return build_cycle_world(pool=(volumes, names), evaluation=6, queued=4)


@pytest.mark.parametrize("method", list(TRAINING_METHODS))
def test_every_method_ends_with_a_model_and_a_queue(settings: Settings, method: str) -> None:
    world = world_with()
    world.label_some(3)
    network = AUTOENCODER if TRAINING_METHODS[method].reconstructs else {"width": 4, "stem_stride": 2}

    cycle = run_here(world.launch(network=network, training={**QUICK, "method": method}))

    assert cycle.stage == "ready"
    assert len(queue_of(world.project_id, batch=1, state="open")) == 6
    assert (cycle.metrics or {})["training"]["method"] == method
    # 40 subtomograms, of which 6 are the evaluation sample and 12 have a label.
    assert ("it also learns from 22 subtomograms" in log_of(cycle)) == TRAINING_METHODS[method].uses_unlabeled
    model = read_model(artifacts(), model_of(cycle).key)
    assert (model.averaged is not None) == (method in ("tod", "mean-model"))
    assert cycle.settings["network"].get("box_size") == (20 if TRAINING_METHODS[method].reconstructs else None)


def test_unlabeled_volumes_are_neither_labeled_nor_of_the_evaluation_sample(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_with()
    world.label_some(3)
    read: set[int] = set()
    streamed = labeled_volumes._streamed

    def watched(context, items):  # type: ignore[no-untyped-def]
        read.update(items.ids.tolist())
        return streamed(context, items)

    monkeypatch.setattr(labeled_volumes, "_streamed", watched)
    run_here(world.launch(training={**QUICK, "method": "tod"}))

    assert not read & set(world.evaluation)
    assert read == set(world.truth) - set(world.evaluation)


def test_an_ac3d_goes_on_from_the_cycle_before_with_a_class_more(settings: Settings) -> None:
    world = world_with()
    world.label([*world.of_class("rod")[:5], *world.of_class("sphere")[:5]])
    warm = {"network": AUTOENCODER, "training": {**QUICK, "method": "ac3d", "warm_start": "always", "warm_share": 0.5}}
    first = run_here(world.launch(**warm))
    world.label(world.of_class("plate")[:3])

    second = run_here(world.launch(**warm))

    assert "classes new to it start from random weights" in log_of(second)
    steps = [(cycle.metrics or {})["training"]["steps"] for cycle in (first, second)]
    assert steps == [QUICK["steps"], QUICK["steps"] // 2]


def test_a_box_that_is_not_the_pool_s_is_refused(settings: Settings) -> None:
    world = world_with()
    world.label_some(3)

    with pytest.raises(ProblemError) as problem:
        run_here(world.launch(network={**AUTOENCODER, "box_size": 32}, training=QUICK))

    assert problem.value.kind == "bad-settings"
    assert "the pool's boxes have 20 voxels" in problem.value.detail


def test_labeled_volumes_that_are_no_numbers_are_left_out_and_named(settings: Settings) -> None:
    _, names = simple_pool(COUNTS, box=20)
    rows = [row for row in range(6, 36) if names[row] == "rod"]
    world = world_with(damaged=(rows[0],))
    ids = sorted(world.truth)
    world.label_some(3)

    cycle = run_here(world.launch(training=QUICK))

    assert cycle.stage == "ready"
    assert (
        f"1 labeled subtomograms have voxels that are not numbers and are left out of the training: {ids[rows[0]]}."
        in (log_of(cycle))
    )


def test_unlabeled_volumes_that_are_no_numbers_do_no_harm(settings: Settings) -> None:
    world = world_with(damaged=tuple(range(20, 26)))
    world.label([each for name in ("rod", "sphere") for each in world.of_class(name)[:5]])

    cycle = run_here(world.launch(network=AUTOENCODER, training={**QUICK, "method": "ac3d"}))

    assert np.isfinite((cycle.metrics or {})["training"]["final_loss"])


def test_too_few_classes_left_without_damaged_volumes_are_refused(settings: Settings) -> None:
    _, names = simple_pool(COUNTS, box=20)
    world = world_with(damaged=tuple(row for row, name in enumerate(names) if name == "rod"))
    world.label([*world.of_class("rod")[:5], *world.of_class("sphere")[:5]])

    with pytest.raises(ProblemError) as problem:
        run_here(world.launch(training=QUICK))

    assert problem.value.kind == "too-few-classes"


def test_a_training_may_stop_early_and_says_so(settings: Settings) -> None:
    world = world_with()
    world.label_some(4)
    stops = {"steps": 400, "validation_share": 0.5, "patience": 1, "learning_rate": 0.1, "schedule": "constant"}

    cycle = run_here(world.launch(training={**QUICK, **stops}))

    figures = (cycle.metrics or {})["training"]
    assert figures["stopped_early"] is True
    assert figures["steps"] < 400
    assert f"Training stopped after {figures['steps']} steps" in log_of(cycle)


def test_the_automatic_preset_says_what_it_chose(settings: Settings) -> None:
    world = world_with()
    world.label_some(3)

    cycle = run_here(world.launch(training=QUICK))

    assert "The training is that of the preset Quick, CPU: there is no GPU, and with 12 labels" in log_of(cycle)
    assert cycle.settings["preset"] == "auto"
    assert cycle.settings["preprocessing"] == PreprocessingSettings().model_dump()
