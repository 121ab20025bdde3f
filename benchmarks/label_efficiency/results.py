"""The kept rows of one set and seed: a JSON file that a run goes on from, whichever computer wrote it."""

import json
import platform
from pathlib import Path
from typing import Any

import torch

from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.device import device_name

Row = dict[str, Any]


class OtherRecipe(ValueError):
    """The kept rows were made in another way."""


class Results:
    """Rows by strategy and cycle. Each file has one writer, so that several seeds may run at once."""

    def __init__(self, path: Path, made_by: dict[str, Any]) -> None:
        self._path, self._made_by = path, made_by
        self.rows: list[Row] = []
        if path.exists():
            kept = read_results(path)
            if kept["made_by"] != made_by:
                raise OtherRecipe(f"{path} was made in another way: give another folder (--results) or remove the file")
            self.rows = kept["rows"]

    def of(self, strategy: str) -> list[Row]:
        """A strategy's rows, by cycle."""
        return sorted((row for row in self.rows if row["strategy"] == strategy), key=lambda row: row["cycle"])

    def add(self, row: Row, device: torch.device) -> None:
        """Keep one more row, with what computed it, on disk at once."""
        self.rows.append({**row, "device": f"{device_name(device)} ({platform.machine()}), torch {torch.__version__}"})
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = ",\n  ".join(json.dumps(each) for each in self.rows)
        unfinished = self._path.with_suffix(".part")
        unfinished.write_text(f'{{"made_by": {json.dumps(self._made_by)},\n "rows": [\n  {rows}\n]}}\n')
        unfinished.replace(self._path)


def read_results(path: Path) -> dict[str, Any]:
    """`{made_by, rows}` of a file."""
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept


def describe(settings: CycleSettings) -> dict[str, Any]:
    """The recipe of a run, which all strategies share: what differs from the defaults, so that new settings change
    nothing."""
    included = {"preset", "network", "preprocessing", "training"}
    return settings.model_dump(mode="json", include=included, exclude_defaults=True)
