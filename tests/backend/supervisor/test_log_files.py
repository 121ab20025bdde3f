"""Logs of the children: kept over a few starts, never endless."""

import os
from pathlib import Path

import pytest

from tomosift.supervisor import log_files


def test_each_start_begins_a_new_file(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log_files.rotate(log)
    for number in range(6):
        log.write_text(f"run {number}")
        log_files.rotate(log)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "api.log.1": "run 5",
        "api.log.2": "run 4",
        "api.log.3": "run 3",
    }
    log.touch()
    log_files.rotate(log)
    assert (tmp_path / "api.log.1").read_text() == "run 5"


def test_a_log_in_use_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "LARGEST_BYTES", 100)
    log = tmp_path / "api.log"
    program = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(program, b"a" * 100)
    log_files.shorten(log)
    assert log.stat().st_size == 100
    os.write(program, b"b")
    log_files.shorten(log)
    os.write(program, b"after")
    assert log.read_bytes() == b"after"
    assert (tmp_path / "api.log.1").read_bytes() == b"a" * 100 + b"b"
    assert (tmp_path / "api.log.1").stat().st_mode & 0o777 == 0o600
    os.close(program)
    log_files.shorten(tmp_path / "none.log")


def test_tail(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    assert log_files.tail(log) == ""
    log.write_text("\n".join(f"line {n}" for n in range(5000)))
    assert log_files.tail(log, 2) == "line 4998\nline 4999"
