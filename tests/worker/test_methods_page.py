"""docs/methods.md speaks of every method that can be chosen, and of no other."""

import re
from pathlib import Path
from typing import get_args

from tomosift_worker.acquisition.plan import ACQUISITION_IDS
from tomosift_worker.cycle.presets import AUTO_PRESET, PRESETS
from tomosift_worker.networks.catalogue import NETWORKS
from tomosift_worker.training.settings import TrainingSettings

PAGE = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")


def _tables() -> dict[str, set[str]]:
    """The ids in the first column of the table under each heading."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    return {
        section.splitlines()[0]: set(re.findall(r"^\| `([a-z0-9-]+)` \|", section, flags=re.MULTILINE))
        for section in sections
    }


def test_each_table_lists_what_there_is() -> None:
    tables = _tables()
    assert tables["Networks"] == set(NETWORKS)
    assert tables["Acquisition functions"] == set(ACQUISITION_IDS)
    assert tables["Presets"] == {AUTO_PRESET, *PRESETS}
    assert tables["Training"] == set(get_args(TrainingSettings.model_fields["method"].annotation))


def test_each_acquisition_function_has_its_paragraph() -> None:
    headings = " ".join(re.findall(r"^### (.+)$", PAGE, flags=re.MULTILINE))
    assert set(re.findall(r"`([a-z0-9-]+)`", headings)) == set(ACQUISITION_IDS)
