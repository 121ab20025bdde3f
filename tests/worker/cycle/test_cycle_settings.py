"""Settings of cycles: presets, what may be laid over them, and that service and worker mean the same."""

import json
import re
import subprocess
import sys
import uuid
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from tomosift.cycles.cycle_settings import acquisition_id, resolve_settings
from tomosift.cycles.launch import RUN_CYCLE_TASK
from tomosift.kit.problems import ProblemError
from tomosift_worker.acquisition.plan import ACQUISITION_IDS
from tomosift_worker.catalogue import catalogue
from tomosift_worker.cycle.presets import PRESETS, choose_preset, complete_settings
from tomosift_worker.cycle.run import seed_of
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.networks.settings import AC3DSettings, ResNet3DSettings
from tomosift_worker.training.settings import TrainingSettings

NEEDED: dict[str, dict[str, Any]] = {
    "mc-dropout": {"network": {"dropout": 0.3}},
    "bald": {"network": {"dropout": 0.3}},
    "ll4al": {"network": {"loss_module": True}},
    "tod-ema": {"training": {"average": "ema"}},
    "mean-model": {"training": {"average": "mean"}},
}
"""What must be set for a function to work."""


def as_announced(device: str = "cpu") -> dict[str, Any]:
    """The catalogue after its way through JSON."""
    return dict(json.loads(json.dumps(catalogue(device))))


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("acquisition", ACQUISITION_IDS)
def test_what_the_service_resolves_the_worker_takes_unchanged(preset: str, acquisition: str) -> None:
    asked = {"preset": preset, "acquisition": acquisition, **NEEDED.get(acquisition, {})}
    if (preset, acquisition) == ("tod", "mean-model"):
        asked["training"] = {"method": "mean-model"}  # of the two averages a training keeps one
    resolved = resolve_settings(asked, as_announced(), batch_size=17)

    settings = complete_settings(resolved, "cpu", 20)

    assert settings.model_dump(mode="json") == resolved
    assert (settings.preset, settings.acquisition, settings.batch_size) == (preset, acquisition, 17)
    assert acquisition_id(resolved) == acquisition


def test_without_a_catalogue_the_worker_lays_what_was_asked_over_the_preset() -> None:
    asked = resolve_settings({"training": {"steps": 9}, "preset": "cpu-standard"}, None, batch_size=21)

    settings = complete_settings(asked, "cpu", 20)

    assert settings.training.steps == 9
    assert settings.training.batch_size == PRESETS["cpu-standard"].settings.training.batch_size
    assert settings.network == PRESETS["cpu-standard"].settings.network
    assert settings.batch_size == 21


@pytest.mark.parametrize(
    ("device", "labels", "preset", "why"),
    [
        ("cpu", 40, "cpu-quick", "no GPU, and with 40 labels"),
        ("cpu", 99, "cpu-quick", "fewer than 100"),
        ("cpu", 100, "cpu-standard", "100 labels are enough"),
        ("cuda", 40, "gpu-standard", "a GPU"),
        ("mps", 400, "gpu-standard", "a GPU"),
    ],
)
def test_machine_and_labels_choose_the_preset_and_say_why(device: str, labels: int, preset: str, why: str) -> None:
    assert choose_preset(device, labels)[0] == preset
    assert why in choose_preset(device, labels)[1]
    expected = PRESETS[preset].settings
    for asked in ({}, {"preset": "auto"}, resolve_settings({}, as_announced(device), batch_size=40)):
        settings = complete_settings(asked, device, labels)
        assert settings.preset == "auto"
        assert settings == expected.model_copy(update={"preset": "auto"})
    announced = as_announced(device)
    assert announced["default_preset"] == announced["presets"][0]["id"] == "auto"
    assert PRESETS[preset].title in announced["presets"][0]["description"]


def test_settings_that_were_chosen_stay_when_labels_are_added() -> None:
    chosen = complete_settings({"preset": "auto"}, "cpu", 20).model_dump(mode="json")

    assert complete_settings(chosen, "cpu", 500).model_dump(mode="json") == chosen


def test_presets_named_for_a_paper_have_its_settings() -> None:
    simulated, real, tod, ac3d = (PRESETS[each].settings for each in ("dal-simulated", "dal-real", "tod", "ac3d"))
    for each in (simulated, real, tod):
        training = each.training
        assert (training.optimizer, training.learning_rate, training.momentum) == ("sgd", 0.1, 0.9)
        assert training.weight_decay == 5e-4
        assert each.network == ResNet3DSettings(width=64, stem_stride=1)
    assert (simulated.training.epochs, simulated.training.schedule) == (100, "step")
    assert (real.training.epochs, real.training.schedule) == (5, "constant")
    assert (tod.training.method, tod.training.epochs, tod.training.batch_size) == ("tod", 200, 128)
    assert (tod.training.unlabeled_weight, tod.training.average_decay) == (0.05, 0.999)
    assert ac3d.network == AC3DSettings(width=32)
    training = ac3d.training
    assert (training.method, training.optimizer, training.learning_rate) == ("ac3d", "adam", 1e-4)
    assert (training.second_moment_decay, training.batch_size, training.validation_share) == (0.99, 64, 0.1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2},
        {"acquisition": "guessing"},
        {"batch_size": 0},
        {"network": {"width": 1}},
        {"training": {"step": 3}},
        {"subset_size": 0},
        {"seed": -1},
        {"colour": "red"},
        {"selection": {"tomogram_cap": 0}},
        {"selection": {"diversify": "shuffle"}},
        {"selection": {"beta": 0.5}},
        {"scoring": {"dropout_passes": 1}},
        *({"acquisition": acquisition} for acquisition in NEEDED),
        {"acquisition": "tod-ema", "training": {"average": "mean"}},
        {"acquisition": "tod-ema", "training": {"average": "ema", "method": "mean-model"}},
        {"acquisition": "mean-model", "training": {"average": "ema"}},
        {"training": {"method": "guessing"}},
        {"training": {"method": "ac3d"}},
        {"training": {"method": "pretrained"}, "network": {"kind": "resnet3d"}},
        {"training": {"final_weights": "average"}},
    ],
)
def test_wrong_settings_are_refused_by_service_and_worker_alike(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        complete_settings(wrong, "cpu", 20)
    with pytest.raises(ProblemError) as refused:
        resolve_settings(wrong, as_announced(), batch_size=40)
    assert refused.value.status == 422


def test_another_network_than_the_preset_s_takes_nothing_from_it() -> None:
    asked = {"preset": "cpu-quick", "network": {"kind": "ac3d", "code_size": 64}}
    resolved = resolve_settings(asked, as_announced(), batch_size=40)

    assert resolved["network"] == asked["network"]
    assert complete_settings(resolved, "cpu", 20).network == AC3DSettings(code_size=64)


@pytest.mark.parametrize(
    ("network", "where", "reason"),
    [
        ({"width": 1}, "network.width", "less than the minimum"),
        ({"kind": "ac3d", "stem_stride": 2}, "network", "'stem_stride' was unexpected"),
        ({"kind": "ac3d", "code_size": 1}, "network.code_size", "less than the minimum"),
    ],
)
def test_the_service_says_what_is_wrong_with_the_network_it_names(
    network: dict[str, Any], where: str, reason: str
) -> None:
    with pytest.raises(ProblemError) as refused:
        resolve_settings({"network": network}, as_announced(), batch_size=40)

    found = refused.value.extra["errors"]
    assert [each["where"] for each in found] == [where]
    assert reason in found[0]["reason"]


@pytest.mark.parametrize(
    ("acquisition", "sentence"),
    [
        ("bald", "network.dropout is 0: set it to 0.2"),
        ("ll4al", "set network.loss_module to true"),
        ("tod-ema", "set training.average to ema"),
        ("mean-model", "set training.average to mean"),
    ],
)
def test_a_pair_that_cannot_work_is_refused_with_the_reason(acquisition: str, sentence: str) -> None:
    with pytest.raises(ProblemError) as refused:
        resolve_settings({"acquisition": acquisition}, as_announced(), batch_size=40)
    assert (refused.value.status, refused.value.kind) == (422, "settings-do-not-fit")
    assert sentence in refused.value.detail
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        complete_settings({"acquisition": acquisition}, "cpu", 20)


@pytest.mark.parametrize(("acquisition", "method"), [("tod-ema", "tod"), ("mean-model", "mean-model")])
def test_a_training_method_that_averages_serves_its_function(acquisition: str, method: str) -> None:
    asked = {"acquisition": acquisition, "training": {"method": method}}
    resolve_settings(asked, as_announced(), batch_size=40)
    settings = complete_settings(asked, "cpu", 20)
    assert settings.training.averaging == ("ema" if method == "tod" else "mean")


def test_settings_of_before_there_were_rules_are_still_settings() -> None:
    old = {"version": 1, "preset": None, "batch_size": 3, "acquisition": "cod", "scoring": {"columns": "all"}}
    assert CycleSettings.model_validate(old).selection.diversify == "none"


def test_an_unknown_preset_is_refused_with_the_list() -> None:
    with pytest.raises(ValueError, match="auto, cpu-quick, cpu-standard, gpu-standard"):
        complete_settings({"preset": "turbo"}, "cpu", 20)


def test_the_schema_stands_alone_and_lists_the_functions() -> None:
    schema = as_announced()["settings_schema"]

    Draft202012Validator.check_schema(schema)

    assert schema["properties"]["acquisition"]["enum"] == list(ACQUISITION_IDS)
    assert '"$ref": "http' not in json.dumps(schema)


@pytest.mark.parametrize(
    ("acquisition", "warm_start", "warm"),
    [("cod", "auto", True), ("entropy", "auto", False), ("entropy", "always", True), ("cod", "never", False)],
)
def test_only_cod_starts_warm_by_itself(acquisition: str, warm_start: str, *, warm: bool) -> None:
    settings = CycleSettings.model_validate({"acquisition": acquisition, "training": {"warm_start": warm_start}})

    assert settings.starts_warm is warm


def test_a_warm_start_takes_its_share_of_the_steps_or_epochs() -> None:
    training = TrainingSettings(steps=600, warm_share=0.25)

    assert training.from_warm_start().steps == 150
    assert training.model_copy(update={"epochs": 3}).from_warm_start().epochs == 1
    assert TrainingSettings(steps=7).from_warm_start() == TrainingSettings(steps=7)


def test_the_seed_follows_from_project_and_number() -> None:
    one, other = uuid.UUID(int=1), uuid.UUID(int=2)

    assert seed_of(one, 1) == seed_of(uuid.UUID(int=1), 1)
    assert len({seed_of(one, 1), seed_of(one, 2), seed_of(other, 1)}) == 3
    assert 0 <= seed_of(one, 1) < 2**32


def test_the_task_has_the_name_the_service_sends_and_brings_no_torch() -> None:
    look = (
        "import sys; from tomosift_worker.tasks import run_cycle; print(run_cycle.name, run_cycle.queue, "
        "'torch' in sys.modules)"
    )
    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert seen.stdout.split() == [RUN_CYCLE_TASK, "gpu", "False"]
