"""Writes the service's OpenAPI description: `python -m tomosift.openapi > frontend/openapi.json`."""

import json
import sys

from tomosift.app import create_app


def openapi_text() -> str:
    """The description as text, keys sorted, so that it changes only when the API does."""
    return json.dumps(create_app().openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_text())
