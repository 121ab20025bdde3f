"""Cycles from launch to queue, on a real database and store, in the test's own process."""

import json

import numpy as np
import pytest
from fixtures.cycle_runs import artifacts, job_of, log_of, model_count, model_of, queue_of, run_here
from fixtures.cycle_world import JUNK, CycleWorld, build_cycle_world, simple_pool
from fixtures.launched_cycles import announce_worker
from sqlalchemy import select

from tomosift.cycles.schemas import CycleMetrics
from tomosift.exports.predictions import find_cycle
from tomosift.kit.database import transaction
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings
from tomosift.tables import Subtomogram
from tomosift.volumes.store import VolumeStore
from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.catalogue import catalogue
from tomosift_worker.cycle.model_files import read_model

pytestmark = pytest.mark.usefixtures("clean_database")

QUICK = {"steps": 12, "batch_size": 8, "learning_rate": 3e-3}
LONGER = {**QUICK, "steps": 60}


def test_a_cycle_ends_with_model_numbers_scores_and_queue(world: CycleWorld) -> None:
    cycle = run_here(world.launch(training=LONGER, acquisition="entropy"))

    assert (cycle.stage, job_of(cycle).state, cycle.checkpoint) == ("ready", "succeeded", None)
    assert cycle.finished_at is not None
    assert (cycle.training_label_count, cycle.evaluation_label_count) == (16, 12)
    metrics = CycleMetrics.model_validate(cycle.metrics)
    assert metrics.report is not None
    assert metrics.report.n == 6
    assert metrics.report.accuracy >= 0.5, "shapes as plain as these are told apart better than by guessing"
    assert metrics.training is not None
    assert metrics.training.steps == 60
    assert "Training on 16 labels of 3 classes + junk (plate 4, rod 4, sphere 4, junk 4)" in log_of(cycle)
    assert f"of 6 right ({100 * metrics.report.accuracy:.0f} %" in log_of(cycle)
    assert len(queue_of(world.project_id, batch=1, state="open")) == 6


def test_the_queue_holds_the_highest_scores_of_what_is_undecided(world: CycleWorld) -> None:
    cycle = run_here(world.launch(acquisition="entropy"))

    columns = artifacts().read_tensors(cycle.scores_key or "")
    decided = set(world.evaluation) | {each for name in set(world.truth.values()) for each in world.of_class(name)[:4]}
    score_of = dict(zip(columns["item_ids"].tolist(), columns["score"].tolist(), strict=True))
    expected = sorted((each for each in score_of if each not in decided), key=lambda each: -score_of[each])[:6]
    assert set(score_of) == set(world.truth)
    assert [item.subtomogram_id for item in queue_of(world.project_id, batch=1)] == expected
    assert np.array_equal(columns["score"], columns["entropy"])


def test_the_model_can_be_read_back_and_gives_the_stored_outputs(world: CycleWorld, settings: Settings) -> None:
    import torch

    cycle = run_here(world.launch())
    row = model_of(cycle)
    model = read_model(artifacts(), row.key)

    assert [each["name"] for each in row.classes] == ["plate", "rod", "sphere", JUNK]
    assert row.classes == model.classes
    assert row.description["settings"]["seed"] == 7
    assert row.checksum.startswith("blake2b:")
    columns = artifacts().read_tensors(cycle.scores_key or "")
    volumes = torch.from_numpy(VolumeStore(settings.effective_store_url).open(str(world.source_id)).read([0, 1, 2]))
    with torch.inference_mode():
        logits = model.network.eval()(model.prepare(volumes.unsqueeze(1))).numpy()
    assert columns["item_ids"][:3].tolist() == sorted(world.truth)[:3]
    np.testing.assert_allclose(logits, columns["logits"][:3], rtol=1e-4, atol=1e-5)


NEEDED: dict[str, dict[str, object]] = {
    "mc-dropout": {"network": {"width": 4, "stem_stride": 2, "dropout": 0.3}},
    "bald": {"network": {"width": 4, "stem_stride": 2, "dropout": 0.3}},
    "ll4al": {"network": {"width": 4, "stem_stride": 2, "loss_module": True}},
    "tod-ema": {"training": {**QUICK, "average": "ema", "average_decay": 0.5}},
    "mean-model": {"training": {**QUICK, "average": "mean"}},
}


@pytest.mark.parametrize("acquisition", list(ACQUISITION_FUNCTIONS))
def test_every_acquisition_function_fills_the_queue_and_gives_its_reason(world: CycleWorld, acquisition: str) -> None:
    cycle = run_here(world.launch(acquisition=acquisition, **NEEDED.get(acquisition, {})))

    picks = queue_of(world.project_id, batch=1)
    function = ACQUISITION_FUNCTIONS[acquisition]
    assert len(picks) == 6
    assert all(item.reason == {"acquisition": acquisition, "text": function.reason} for item in picks)
    assert len({item.subtomogram_id for item in picks}) == 6
    if function.score is not None:
        assert [item.score for item in picks] == sorted((item.score or 0.0 for item in picks), reverse=True)
        assert len({item.score for item in picks}) > 1
    assert (cycle.metrics or {})["selection"]["acquisition"] == acquisition


def test_the_averaged_weights_are_stored_with_the_model(world: CycleWorld) -> None:
    cycle = run_here(world.launch(acquisition="tod-ema", **NEEDED["tod-ema"]))

    model = read_model(artifacts(), model_of(cycle).key)
    assert model.averaged is not None
    assert not np.array_equal(model.averaged.head.weight.detach(), model.network.head.weight.detach())
    assert artifacts().read_tensors(cycle.scores_key or "")["averaged_discrepancy"].max() > 0


def test_rules_for_the_batch_act_and_say_so(world: CycleWorld) -> None:
    with transaction() as session:
        for number, each in enumerate(session.scalars(select(Subtomogram).order_by(Subtomogram.id))):
            each.tomogram = None if number % 10 == 9 else f"TS_{number % 3}"
    run_here(world.launch(selection={"tomogram_cap": 1, "stratify": True, "diversify": "k-center"}))

    picks = queue_of(world.project_id, batch=1)
    with transaction() as session:
        tomograms = [session.get_one(Subtomogram, item.subtomogram_id).tomogram for item in picks]
    named = [each for each in tomograms if each is not None]
    assert len(named) == len(set(named)) <= 3
    assert len(tomograms) - len(named) >= 3
    texts = [item.reason["text"] for item in picks if item.reason]
    assert all("takes from each class" in text and "At most 1 of the batch" in text for text in texts)
    assert any("unlike the other picks" in text for text in texts)


def test_the_automatic_plan_goes_from_typical_to_doubtful(settings: Settings) -> None:
    world = build_cycle_world()
    announce_worker(catalogue=catalogue("cpu"))
    cold = run_here(world.launch(acquisition="auto"))

    assert (cold.stage, cold.training_label_count, model_count()) == ("ready", 0, 0)
    assert CycleMetrics.model_validate(cold.metrics).report is None
    assert "too few labels for a model" in log_of(cold)
    with transaction() as session:
        assert find_cycle(session, world.project_id, None) is None
        with pytest.raises(ProblemError, match="trained no model"):
            find_cycle(session, world.project_id, 1)
    assert "Picks are made by TypiClust. There are too few labels" in log_of(cold)
    picks = queue_of(world.project_id, batch=1)
    assert len(picks) == 6
    assert {world.truth[item.subtomogram_id] for item in picks} >= {"sphere", "rod", "plate"}
    assert all(item.reason and item.reason["acquisition"] == "typiclust" for item in picks)
    assert all(item.reason and "typical volumes teach most" in item.reason["text"] for item in picks)

    world.label_some(4)
    few = run_here(world.launch(acquisition="auto"))

    assert model_count() == 1
    assert (few.metrics or {})["selection"] | {"why": ""} == {
        "acquisition": "rare-badge",
        "title": "BADGE, rare classes first",
        "why": "",
        "automatic": True,
        "diversify": "none",
        "beta": 10.0,
        "tomogram_cap": None,
        "stratify": False,
    }
    assert "Picks are made by BADGE, rare classes first. It is the plan for 16 labels of 4 classes" in log_of(few)
    assert few.settings["acquisition"] == "auto"


@pytest.mark.parametrize("acquisition", ["random", "core-set", "probcover"])
def test_what_needs_no_classes_starts_without_labels_too(settings: Settings, acquisition: str) -> None:
    world = build_cycle_world()
    announce_worker(catalogue=catalogue("cpu"))
    cycle = run_here(world.launch(acquisition=acquisition, subset_size=30))

    assert (cycle.stage, model_count()) == ("ready", 0)
    assert len(queue_of(world.project_id, batch=1)) == 6
    assert len(artifacts().read_tensors(cycle.scores_key or "")["item_ids"]) == 30


@pytest.mark.parametrize("acquisition", ["typiclust", "badge"])
def test_a_damaged_volume_is_left_out_and_the_cycle_ends_well(settings: Settings, acquisition: str) -> None:
    volumes, names = simple_pool({"sphere": 20, "rod": 20, JUNK: 10})
    volumes[30] = np.nan
    world = build_cycle_world(pool=(volumes, names))
    announce_worker(catalogue=catalogue("cpu"))
    damaged = sorted(world.truth)[30]
    if acquisition == "badge":
        for name in ("sphere", "rod"):
            world.label([each for each in world.of_class(name) if each != damaged][:6])
    cycle = run_here(world.launch(acquisition=acquisition))

    assert "voxels is no number: 1 subtomograms." in log_of(cycle)
    assert damaged not in {item.subtomogram_id for item in queue_of(world.project_id, batch=1)}


def test_a_strategy_knows_the_labeled_items_outside_the_subset(world: CycleWorld) -> None:
    cycle = run_here(world.launch(acquisition="core-set", subset_size=10))

    scored = set(artifacts().read_tensors(cycle.scores_key or "")["item_ids"].tolist())
    labeled = {each for name in set(world.truth.values()) for each in world.of_class(name)[:4]}
    assert labeled <= scored
    assert len(scored) == 10 + len(labeled)
    assert not labeled & {item.subtomogram_id for item in queue_of(world.project_id, batch=1)}


def test_the_seed_is_derived_and_stored_when_none_is_given(world: CycleWorld) -> None:
    cycle = run_here(world.launch(seed=None))

    assert isinstance(cycle.settings["seed"], int)
    assert cycle.settings["version"] == 1
    assert cycle.settings["preset"] == "auto"


def test_no_evaluation_labels_yet(settings: Settings) -> None:
    world = build_cycle_world()
    world.label([each for name in sorted(set(world.truth.values())) for each in world.of_class(name)[:4]])

    cycle = run_here(world.launch())

    assert cycle.stage == "ready"
    metrics = CycleMetrics.model_validate(cycle.metrics)
    assert (metrics.report, metrics.calibration) == (None, None)
    assert "Label the evaluation items" in (metrics.reason or "")
    assert (metrics.reason or "?") in log_of(cycle)


def test_a_class_with_one_label_trains(settings: Settings) -> None:
    world = build_cycle_world()
    world.label([*world.of_class("rod")[:8], *world.of_class("sphere")[:4], world.of_class("plate")[0]])
    world.label(world.evaluation)

    cycle = run_here(world.launch())

    assert [each["name"] for each in model_of(cycle).classes] == ["plate", "rod", "sphere"]
    assert "No training label" not in log_of(cycle)


def test_evaluation_items_of_a_class_without_training_labels_count_as_wrong(settings: Settings) -> None:
    world = build_cycle_world()
    world.label([*world.of_class("rod")[:8], *world.of_class("sphere")[:8]])
    world.label(world.evaluation, "plate")

    cycle = run_here(world.launch())

    report = CycleMetrics.model_validate(cycle.metrics).report
    assert report is not None
    assert report.accuracy == 0.0
    assert "No training label yet of: plate." in log_of(cycle)


def test_a_random_subset_of_the_undecided_is_scored(world: CycleWorld) -> None:
    cycle = run_here(world.launch(acquisition="entropy", subset_size=9))

    scored = set(artifacts().read_tensors(cycle.scores_key or "")["item_ids"].tolist())
    labeled = {each for name in set(world.truth.values()) for each in world.of_class(name)[:4]}
    assert len(scored) == 9
    assert not scored & (labeled | set(world.evaluation))
    assert {item.subtomogram_id for item in queue_of(world.project_id, batch=1)} <= scored


def test_the_outputs_for_the_whole_evaluation_sample_are_kept_whatever_is_scored(settings: Settings) -> None:
    world = build_cycle_world()
    world.label([each for name in sorted(set(world.truth.values())) for each in world.of_class(name)[:4]])
    world.label(world.evaluation[:5])

    cycle = run_here(world.launch(acquisition="entropy", subset_size=9))

    kept = artifacts().read_tensors((cycle.metrics or {})["evaluation_key"])
    assert kept["item_ids"].tolist() == sorted(world.evaluation)
    assert kept["logits"].shape == (12, 4)
    report = CycleMetrics.model_validate(cycle.metrics).report
    assert report is not None
    assert report.n == 3, "only the labeled ones of the reporting half are measured"


def test_the_kept_outputs_are_those_of_the_scoring_pass(world: CycleWorld) -> None:
    cycle = run_here(world.launch(acquisition="entropy"))

    kept = artifacts().read_tensors((cycle.metrics or {})["evaluation_key"])
    scored = artifacts().read_tensors(cycle.scores_key or "")
    of_sample = np.isin(scored["item_ids"], kept["item_ids"])
    order = np.argsort(scored["item_ids"][of_sample])
    np.testing.assert_allclose(kept["logits"], scored["logits"][of_sample][order], rtol=1e-4, atol=1e-5)


def test_nothing_left_to_ask(world: CycleWorld) -> None:
    world.label(world.others)

    cycle = run_here(world.launch())

    assert cycle.stage == "ready"
    assert queue_of(world.project_id, batch=1) == []
    assert "Nothing is left to ask about" in log_of(cycle)


def test_what_is_stored_is_json_and_complete(world: CycleWorld) -> None:
    cycle = run_here(world.launch())

    assert json.loads(json.dumps(cycle.settings, allow_nan=False))["network"]["width"] == 4
    assert sorted(cycle.metrics or {}) == [
        *("agreement", "calibration", "evaluation_key", "label_errors", "likely_label_errors", "map", "origin"),
        *("reason", "report", "sample", "selection", "stopping", "training"),
    ]
    prefix = f"cycles/{cycle.id}/attempt-1"
    assert cycle.scores_key == f"{prefix}/scores.safetensors"
    assert artifacts().exists(f"{prefix}/model.safetensors")
    assert artifacts().read_json(f"{prefix}/model.json")["format"] == "tomosift-model-1"
    checkpoints = artifacts().local_path(f"{prefix}/checkpoints")
    assert checkpoints is not None
    assert not checkpoints.exists()
