"""What this worker can do, as it announces it: the API has no torch, and serves what it finds here."""

from typing import Any

from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.plan import AUTO, AUTO_DESCRIPTION, AUTO_SOURCE, AUTO_TITLE
from tomosift_worker.cycle.presets import AUTO_PRESET, PRESETS, describe_choice
from tomosift_worker.cycle.requirements import REQUIREMENTS
from tomosift_worker.cycle.settings import CycleSettings


def catalogue(device_type: str) -> dict[str, Any]:
    """Acquisition functions, presets, the JSON schema of a cycle's settings, and the preset it chooses itself.

    `requirements` says for each need that depends on settings which they are (a JSON schema) and what to tell others.
    """
    return {
        "acquisition": [
            {"id": AUTO, "title": AUTO_TITLE, "description": AUTO_DESCRIPTION, "needs": [], "source": AUTO_SOURCE},
            *(
                {
                    "id": function.id,
                    "title": function.title,
                    "description": function.description,
                    "needs": sorted(function.needs),
                    "source": function.source,
                }
                for function in ACQUISITION_FUNCTIONS.values()
            ),
        ],
        "requirements": {
            need: {"schema": requirement.schema, "reason": requirement.reason}
            for need, requirement in REQUIREMENTS.items()
        },
        "presets": [
            {"id": AUTO_PRESET, "title": "Automatic", "description": describe_choice(device_type), "settings": {}},
            *(
                {
                    "id": preset.id,
                    "title": preset.title,
                    "description": preset.description,
                    "settings": preset.settings.model_dump(mode="json"),
                }
                for preset in PRESETS.values()
            ),
        ],
        "settings_schema": CycleSettings.model_json_schema(),
        "default_preset": AUTO_PRESET,
    }
