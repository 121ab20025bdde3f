"""docker-compose.yml without a Docker engine: the compose schema, the settings' names, the command's options."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from tomosift.kit.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text())


def tomosift_services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: body for name, body in compose["services"].items() if body.get("build") == "."}


def test_fits_the_compose_schema() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    outcome = subprocess.run([*checker, str(COMPOSE)], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_schema_check_can_fail(tmp_path: Path) -> None:
    broken = tmp_path / "compose.yml"
    broken.write_text("services: {api: {image: x, helthcheck: {}}}\n")
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    assert subprocess.run([*checker, str(broken)], capture_output=True, check=False).returncode != 0


def test_every_variable_is_a_setting(compose: dict[str, Any]) -> None:
    known = {f"TOMOSIFT_{name.upper()}" for name in Settings.model_fields}
    for name, body in tomosift_services(compose).items():
        unknown = set(body["environment"]) - known
        assert not unknown, f"{name} sets variables no setting reads: {unknown}"


def test_values_are_accepted_by_the_settings(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for body in tomosift_services(compose).values():
        with monkeypatch.context() as patched:
            for variable, value in body["environment"].items():
                patched.setenv(variable, re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)))
            assert Settings().home == Path("/data")


def test_secrets_are_files_and_named_for_settings(compose: dict[str, Any]) -> None:
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())
    for body in tomosift_services(compose).values():
        for secret in body["secrets"]:
            assert secret["target"].removeprefix("tomosift_") in Settings.model_fields
    for body in compose["services"].values():
        for variable in body.get("environment", {}):
            assert "PASSWORD" not in variable or variable.endswith("_FILE"), "a password stands in the compose file"


def test_only_the_api_is_reachable_and_only_from_this_machine(compose: dict[str, Any]) -> None:
    ports = {name: body.get("ports", []) for name, body in compose["services"].items()}
    assert {name for name, published in ports.items() if published} == {"api"}
    assert all(port.startswith("127.0.0.1:") for port in ports["api"])


def test_each_service_has_a_health_check_and_its_state_in_a_named_volume(compose: dict[str, Any]) -> None:
    for name, body in compose["services"].items():
        assert "healthcheck" in body, name
        named = {mount.split(":")[0] for mount in body["volumes"]} & set(compose["volumes"])
        assert named, f"{name} keeps nothing in a named volume"


def test_commands_are_commands_of_the_program(compose: dict[str, Any]) -> None:
    from tomosift.cli import app

    for body in tomosift_services(compose).values():
        for words in (body["command"], body["healthcheck"]["test"][1:]):
            if words[0] != "tomosift":
                continue
            subcommands = [word for word in words[1:] if not word.startswith("-") and word not in ("api", "worker")]
            shown = CliRunner().invoke(app, [*subcommands, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
            assert shown.exit_code == 0
            for option in (word for word in words if word.startswith("--")):
                assert option in shown.output, f"`{' '.join(words)}` uses an option the command has not"


def test_gpu_profile_asks_for_a_gpu(compose: dict[str, Any]) -> None:
    gpu = compose["services"]["worker-gpu"]
    assert gpu["profiles"] == ["gpu"]
    assert gpu["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
