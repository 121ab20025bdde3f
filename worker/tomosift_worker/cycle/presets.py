"""Named settings, by purpose and by source. A cycle's settings are a preset with what was asked laid over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.networks.settings import AC3DSettings, ResNet3DSettings
from tomosift_worker.training.catalogue import DAL_REAL, DAL_SIMULATED, TRAINING_METHODS
from tomosift_worker.training.settings import PreprocessingSettings, TrainingSettings

AUTO_PRESET = "auto"
LABELS_FOR_A_LONG_TRAINING = 100


@dataclass(frozen=True)
class Preset:
    """A complete settings object with a name and a purpose."""

    id: str
    title: str
    description: str
    settings: CycleSettings


def _published(preset_id: str, title: str, description: str, training: TrainingSettings) -> Preset:
    """A paper's network and training on volumes as they are; the batch is not smoothed before."""
    reconstructs = TRAINING_METHODS[training.method].reconstructs
    settings = CycleSettings(
        preset=preset_id,
        network=AC3DSettings() if reconstructs else ResNet3DSettings(),
        preprocessing=PreprocessingSettings(low_pass_sigma_voxels=0.0),
        training=training,
    )
    return Preset(preset_id, title, description, settings)


PRESETS: dict[str, Preset] = {
    preset.id: preset
    for preset in (
        Preset(
            id="cpu-quick",
            title="Quick, CPU",
            description="A small network for boxes up to about 32 voxels: a cycle takes about half a minute on two "
            "cores. For trying things out and for small pools.",
            settings=CycleSettings(
                preset="cpu-quick",
                network=ResNet3DSettings(width=8, stem_stride=2),
                training=TrainingSettings(steps=150, batch_size=24, learning_rate=3e-3),
            ),
        ),
        Preset(
            id="cpu-standard",
            title="Standard, CPU",
            description="A wider network on mirrored volumes sampled a quarter more coarsely, trained on from cycle to "
            "cycle: a minute or two on two cores, twice that in the first. For real data without a GPU.",
            settings=CycleSettings(
                preset="cpu-standard",
                network=ResNet3DSettings(width=16, stem_stride=2),
                preprocessing=PreprocessingSettings(kept_band=0.75),
                training=TrainingSettings(
                    steps=600,
                    batch_size=24,
                    learning_rate=5e-3,
                    max_shift_voxels=1,
                    symmetry="mirrors",
                    warm_start="always",
                    warm_share=0.5,
                ),
            ),
        ),
        Preset(
            id="gpu-standard",
            title="Standard, GPU",
            description="Full resolution and half the papers' width, for real data on a GPU.",
            settings=CycleSettings(
                preset="gpu-standard",
                denoiser="on",
                network=ResNet3DSettings(width=32, stem_stride=1),
                training=TrainingSettings(steps=2000, batch_size=32, learning_rate=2e-3),
            ),
        ),
        _published(
            "dal-simulated",
            "DAL, simulated data",
            "As published: ResNet-18 of full width, SGD at 0.1 for 100 epochs, a tenth of it after 80. For a GPU.",
            DAL_SIMULATED,
        ),
        _published(
            "dal-real",
            "DAL, real data",
            "As published: the same for 5 epochs without decay, which for few labels is very short. For a GPU.",
            DAL_REAL,
        ),
        _published(
            "tod",
            "TOD",
            "As published: 200 epochs that keep outputs on unlabeled volumes near their moving average. For a GPU.",
            TRAINING_METHODS["tod"].published,
        ),
        _published(
            "ac3d",
            "AC3D",
            "As published: the autoencoding classifier on labeled and unlabeled volumes, 5,000 steps. For a GPU.",
            TRAINING_METHODS["ac3d"].published,
        ),
    )
}


def choose_preset(device_type: str, labels: int) -> tuple[str, str]:
    """The preset for a device (`cuda`, `mps`, `cpu`) and a number of training labels, and why, as a sentence."""
    if device_type != "cpu":
        return "gpu-standard", "a GPU trains the network at full resolution in minutes."
    if labels < LABELS_FOR_A_LONG_TRAINING:
        return (
            "cpu-quick",
            f"there is no GPU, and with {labels} labels (fewer than {LABELS_FOR_A_LONG_TRAINING}) more of them soon "
            "help more than a longer training.",
        )
    return (
        "cpu-standard",
        f"there is no GPU, and {labels} labels are enough to make a longer training worth its minutes.",
    )


def describe_choice(device_type: str) -> str:
    """How `choose_preset` chooses on a device, for the interface."""
    few, many = (choose_preset(device_type, labels)[0] for labels in (0, LABELS_FOR_A_LONG_TRAINING))
    if few == many:
        return f"This machine has a GPU: {PRESETS[few].title}."
    return (
        f"This machine has no GPU: {PRESETS[few].title} below {LABELS_FOR_A_LONG_TRAINING} training labels, from then "
        f"on {PRESETS[many].title}."
    )


def complete_settings(asked: Mapping[str, Any], device_type: str, labels: int) -> CycleSettings:
    """The preset that `asked` names with `asked` laid over it; without one, or with `auto`, the one that suits.

    Raises ValueError for an unknown preset, pydantic.ValidationError (a ValueError too) for settings that cannot be.
    """
    named = asked.get("preset") or AUTO_PRESET
    preset = choose_preset(device_type, labels)[0] if named == AUTO_PRESET else named
    if preset not in PRESETS:
        raise ValueError(f"there is no preset {preset!r}; there are {', '.join([AUTO_PRESET, *PRESETS])}")
    # `auto` stays the name, so that the next cycle, with more labels, is left to choose as well.
    return CycleSettings.model_validate(_overlay(PRESETS[preset].settings.model_dump(), {**asked, "preset": named}))


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for name, value in above.items():
        under = result.get(name)
        if not isinstance(under, dict) or not isinstance(value, Mapping):
            result[name] = value
        elif value.get("kind", under.get("kind")) != under.get("kind"):
            result[name] = dict(value)  # of another network the preset's settings are no use
        else:
            result[name] = _overlay(under, value)
    return result
