"""Import folders, and what may read them: the whole service, or a small world of particles."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from fixtures.labeling_world import World, build_world, signed_in
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


@pytest.fixture
def folder(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An import folder of the service."""
    place = tmp_path / "data"
    place.mkdir()
    monkeypatch.setenv("TOMOSIFT_IMPORT_ROOTS", str(place))
    get_settings.cache_clear()
    return place


@pytest.fixture
def world(folder: Path) -> World:
    """Twenty particles, ten of them in the queue, four in the evaluation sample."""
    return build_world(pool=20, queued=10, evaluation=4)


@pytest.fixture
def owner(world: World) -> TestClient:
    """The world's owner, signed in."""
    return signed_in(world.user_ids[0])
