"""`tomosift up` as a normal user, also where the tests run as root.

Root's tests start it as `nobody`. Python may lie where only root may look (`/root/.pyenv`, say); a mount namespace then
shows these folders, and nothing else of root's, to that one process.
"""

import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fixtures.supervised import STANDIN_COMMAND, UpProcess

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="all tests of the supervisor run as a normal user here"),
]
REPOSITORY = Path(__file__).parents[2]


def closed_ancestor(path: Path) -> Path | None:
    """The topmost folder above a path that others may not pass."""
    return next((folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001), None)


def as_nobody(stage: Path, command: tuple[str, ...]) -> list[str]:
    """The command line that runs a command as nobody, with Python and this repository in reach."""
    nobody = pwd.getpwnam("nobody")
    shown = sorted({Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), REPOSITORY.resolve()})
    hidden = {path: folder for path in shown if (folder := closed_ancestor(path)) is not None}
    numbered = [(shlex.quote(str(path)), f"{stage}/{number}") for number, path in enumerate(hidden)]
    lines = [
        "set -e",
        *(f"mkdir -p {place}; mount --rbind {path} {place}" for path, place in numbered),
        *(f"mount -t tmpfs -o mode=755 none {shlex.quote(str(folder))}" for folder in sorted(set(hidden.values()))),
        *(f"mkdir -p {path}; mount --rbind {place} {path}" for path, place in numbered),
        f"exec setpriv --reuid {nobody.pw_uid} --regid {nobody.pw_gid} --clear-groups -- {shlex.join(command)}",
    ]
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(lines)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of nobody's, in reach of everybody."""
    if not shutil.which("unshare") or not shutil.which("setpriv"):
        pytest.skip("unshare and setpriv (util-linux) are needed to become a normal user")
    with tempfile.TemporaryDirectory(prefix="tomosift-user-", dir="/tmp") as name:
        path = Path(name)
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
        stage = path.with_name(path.name + "-stage")
        stage.mkdir()
        try:
            probe = subprocess.run(
                as_nobody(stage, (sys.executable, "-c", "import os, fastapi; print(os.geteuid())")),
                capture_output=True,
                text=True,
                check=False,
            )
            if probe.returncode != 0:
                pytest.skip(f"a normal user cannot be made here: {probe.stderr.strip()}")
            assert int(probe.stdout) == nobody.pw_uid
            yield path
        finally:
            shutil.rmtree(stage)


def test_a_normal_user_runs_everything(folder: Path) -> None:
    home = folder / "home"
    stage = folder.with_name(folder.name + "-stage")
    command = as_nobody(stage, STANDIN_COMMAND)
    up = UpProcess(home, command=command, HOME=str(folder), PYTHONDONTWRITEBYTECODE="1")
    up.wait_until_ready()
    uid = pwd.getpwnam("nobody").pw_uid
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in (up.process.pid, *up.note_family())} == {uid}
    assert {path.stat().st_uid for path in home.rglob("*")} == {uid}
    assert httpx.get(f"{up.url}/readyz", trust_env=False).status_code == 200
    assert up.stop(signal.SIGINT) <= 6.0
    assert up.process.returncode == 0
    assert up.survivors() == []

    again = UpProcess(home, command=command, HOME=str(folder), PYTHONDONTWRITEBYTECODE="1")
    again.wait_until_ready()
    again.process.kill()
    assert again.survivors(patience_seconds=6.0) == []


def test_a_normal_user_cannot_take_roots_folder(folder: Path, tmp_path: Path) -> None:
    stage = folder.with_name(folder.name + "-stage")
    roots = folder / "roots"
    roots.mkdir(mode=0o700)
    os.chown(roots, 0, 0)
    up = UpProcess(roots, command=as_nobody(stage, STANDIN_COMMAND), HOME=str(folder))
    up.process.wait(30)
    said = " ".join(up.output().split())
    assert up.process.returncode == 2
    assert "belongs to the user root, and you are nobody" in said
