"""An import folder, and the service that may read it."""

from pathlib import Path

import pytest
from fixtures.web_client import Service, make_project

from tomosift.kit.settings import Settings, get_settings


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    """The only import folder, empty."""
    folder = tmp_path / "roots"
    folder.mkdir()
    return folder


@pytest.fixture
def service(settings: Settings, roots: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service with an empty project, ribosomes, of small batches."""
    monkeypatch.setenv("TOMOSIFT_IMPORT_ROOTS", str(roots))
    get_settings.cache_clear()
    made = Service()
    make_project(made.owner(), settings={"batch_size": 2, "evaluation_minimum": 2, "evaluation_maximum": 4})
    return made
