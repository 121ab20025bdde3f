"""The documentation names every setting and every command, as they are."""

import re
from pathlib import Path

import typer
from typer.main import get_command

from tomosift.cli import app
from tomosift.kit.settings import Settings

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
SHARED_OPTIONS = {"--server", "--token", "--project", "-p", "--help"}


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    lines = (DOCS / "settings.md").read_text().splitlines()
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "per user, see below" if name == "home" else f"`{default}`" if default not in (None, []) else "none"
        assert f"| `TOMOSIFT_{name.upper()}` | {shown} | {field.description} |" in lines, name


def test_every_variable_the_program_reads_is_documented() -> None:
    documented = set(re.findall(r"TOMOSIFT_[A-Z_]+", (DOCS / "settings.md").read_text()))
    internal = {"TOMOSIFT_NAME", "TOMOSIFT_PARENT_PIPE", "TOMOSIFT_RUN_MARK"}
    for folder in ("backend", "worker"):
        for file in (ROOT / folder).rglob("*.py"):
            used = set(re.findall(r"TOMOSIFT_[A-Z_]*[A-Z]", file.read_text()))
            assert used <= documented | internal, file


def test_every_documented_variable_is_read() -> None:
    settings = {f"TOMOSIFT_{name.upper()}" for name in Settings.model_fields}
    documented = set(re.findall(r"TOMOSIFT_[A-Z_]+", (DOCS / "settings.md").read_text()))
    assert documented == settings | {"TOMOSIFT_TOKEN"}


def test_every_command_and_option_is_documented() -> None:
    sections = dict(re.findall(r"^## (tomosift [^\n]+)\n(.*?)(?=^## |\Z)", (DOCS / "cli.md").read_text(), re.M | re.S))
    commands = dict(walk(get_command(app), "tomosift"))
    assert list(sections)
    assert set(sections) == set(commands)
    for name, command in commands.items():
        assert f"\n{name}" in sections[name] or f" {name}" in sections[name], f"an example of {name}"
        for parameter in command.params:
            options = [option for option in (*parameter.opts, *parameter.secondary_opts) if option.startswith("-")]
            for option in options:
                assert option in SHARED_OPTIONS or f"`{option}`" in sections[name], (name, option)


def walk(command: typer.core.TyperGroup, name: str) -> list[tuple[str, typer.core.TyperCommand]]:
    found = []
    for each, sub in command.commands.items():
        found += walk(sub, f"{name} {each}") if hasattr(sub, "commands") else [(f"{name} {each}", sub)]
    return found


def test_documented_options_exist() -> None:
    sections = dict(re.findall(r"^## (tomosift [^\n]+)\n(.*?)(?=^## |\Z)", (DOCS / "cli.md").read_text(), re.M | re.S))
    for name, command in walk(get_command(app), "tomosift"):
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert set(re.findall(r"--[a-z][a-z-]+", sections[name])) <= known, name


def test_links_between_pages_lead_somewhere() -> None:
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} → {target}"
