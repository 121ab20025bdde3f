"""Named settings by purpose. A cycle's settings are a preset with what the launcher asked for laid over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.networks.settings import ResNet3DSettings
from tomosift_worker.training.settings import TrainingSettings


@dataclass(frozen=True)
class Preset:
    """A complete settings object with a name and a purpose."""

    id: str
    title: str
    description: str
    settings: CycleSettings


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
            description="A wider network and more steps: minutes on two cores. For real data without a GPU.",
            settings=CycleSettings(
                preset="cpu-standard",
                network=ResNet3DSettings(width=16, stem_stride=2),
                training=TrainingSettings(steps=600, batch_size=24, learning_rate=3e-3),
            ),
        ),
        Preset(
            id="gpu-standard",
            title="Standard, GPU",
            description="Full resolution and half the papers' width, for real data on a GPU.",
            settings=CycleSettings(
                preset="gpu-standard",
                network=ResNet3DSettings(width=32, stem_stride=1),
                training=TrainingSettings(steps=2000, batch_size=32, learning_rate=2e-3),
            ),
        ),
    )
}


def default_preset(device_type: str) -> str:
    """The preset that suits a device: `cuda`, `mps` or `cpu`."""
    return "cpu-quick" if device_type == "cpu" else "gpu-standard"


def complete_settings(asked: Mapping[str, Any], device_type: str) -> CycleSettings:
    """The preset that `asked` names (or the device's default) with `asked` laid over it.

    Raises ValueError for an unknown preset, pydantic.ValidationError (a ValueError too) for settings that cannot be.
    """
    preset = asked.get("preset") or default_preset(device_type)
    if preset not in PRESETS:
        raise ValueError(f"there is no preset {preset!r}; there are {', '.join(PRESETS)}")
    return CycleSettings.model_validate(_overlay(PRESETS[preset].settings.model_dump(), {**asked, "preset": preset}))


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
