"""Log lines: readable or JSON, from structlog and the standard library alike, and without variables' values."""

import json
import subprocess
import sys

import pytest

CODE = """
import logging, structlog
from tomosift.kit.logging import configure_logging
from tomosift.kit.settings import Settings
configure_logging(Settings())
configure_logging(Settings())
structlog.get_logger("tomosift.x").info("imported", rows=3)
structlog.get_logger("tomosift.x").debug("too quiet")
logging.getLogger("uvicorn.error").warning("port %d", 80)
logging.getLogger("httpx").info("chatter")
def f():
    password = "hidden"
    raise ValueError("wrong")
try:
    f()
except ValueError:
    logging.getLogger("a").exception("failed")
"""


def run(log_format: str, level: str = "info") -> str:
    environment = {"TOMOSIFT_LOG_FORMAT": log_format, "TOMOSIFT_LOG_LEVEL": level, "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


def test_json() -> None:
    lines = [json.loads(line) for line in run("json").splitlines()]
    assert [line["event"] for line in lines] == ["imported", "port 80", "failed"]
    assert lines[0]["rows"] == 3
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert lines[1]["logger"] == "uvicorn.error"
    assert lines[0]["timestamp"].endswith("Z")
    assert lines[2]["exception"][0]["exc_value"] == "wrong"
    assert "hidden" not in run("json")


def test_console() -> None:
    said = run("console")
    assert "imported" in said
    assert "rows=3" in said
    assert "port 80" in said
    assert "ValueError: wrong" in said
    assert "\x1b[" not in said
    assert "hidden" not in said


@pytest.mark.parametrize(("level", "shown"), [("debug", True), ("info", False)])
def test_level(level: str, shown: bool) -> None:
    assert ("too quiet" in run("json", level)) == shown
