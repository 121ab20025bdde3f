"""What is compared: acquisition functions, each with the settings it needs, under one recipe."""

from dataclasses import dataclass, field
from typing import Any

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.plan import AUTO
from tomosift_worker.cycle.presets import complete_settings
from tomosift_worker.cycle.settings import CycleSettings

CPU_STRATEGIES = ("random", "auto", "entropy", "badge", "entropy-gradnorm", "cod")
OWN_START = "auto-own-start"

_DROPOUT = {"network": {"dropout": 0.2}}


@dataclass(frozen=True)
class Strategy:
    """A way to pick. `own_start`: it also picks the first batch, which is random and shared otherwise."""

    acquisition: str
    needs: dict[str, Any] = field(default_factory=dict)
    own_start: bool = False

    @property
    def compares_models(self) -> bool:
        """Whether it looks at the model of the cycle before, too."""
        return self.acquisition != AUTO and "previous_model" in ACQUISITION_FUNCTIONS[self.acquisition].needs

    def settings(self, preset: str, labels: int, device_type: str) -> CycleSettings:
        """The recipe of a preset with what this strategy needs laid over it."""
        return complete_settings({"preset": preset, "acquisition": self.acquisition, **self.needs}, device_type, labels)


STRATEGIES: dict[str, Strategy] = {
    **{name: Strategy(name) for name in (AUTO, *ACQUISITION_FUNCTIONS)},
    OWN_START: Strategy(AUTO, own_start=True),
    "mc-dropout": Strategy("mc-dropout", _DROPOUT),
    "bald": Strategy("bald", _DROPOUT),
    "ll4al": Strategy("ll4al", {"network": {"loss_module": True}}),
    "tod-ema": Strategy("tod-ema", {"training": {"average": "ema"}}),
    "mean-model": Strategy("mean-model", {"training": {"average": "mean"}}),
}
