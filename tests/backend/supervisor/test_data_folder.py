"""The data folder: private, our own, locked by one program, and on a disk that suits a database."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tomosift.supervisor.data_folder import DataFolder, FolderLock, file_system_type, write_private
from tomosift.supervisor.problems import StartProblem

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
proc /proc proc rw 0 0
server:/export /home nfs4 rw 0 0
/dev/sdb1 /home/local xfs rw 0 0
me@host: /mnt/my\\040data fuse.sshfs rw 0 0
tmpfs /over tmpfs rw 0 0
10.0.0.1@tcp:/fs /over lustre rw 0 0
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_all_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    before = os.umask(0)
    try:
        DataFolder(home).prepare()
    finally:
        os.umask(before)
    assert mode(home) == 0o700
    assert {mode(path) for path in home.iterdir()} == {0o700}


def test_an_open_folder_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "secrets").mkdir(parents=True)
    (home / "secrets").chmod(0o777)
    home.chmod(0o755)
    DataFolder(home).prepare()
    assert mode(home) == 0o700
    assert mode(home / "secrets") == 0o700


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(StartProblem, match=r"is a file\. Set TOMOSIFT_HOME"):
        DataFolder(tmp_path / "home").prepare()


def test_a_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartProblem, match="cannot be made"):
        DataFolder(tmp_path / "file" / "home").prepare()


@pytest.mark.parametrize("home", [Path("/"), Path.home()])
def test_folders_that_hold_other_things_are_refused(home: Path) -> None:
    before = mode(home)
    with pytest.raises(StartProblem, match="it holds other things"):
        DataFolder(home).prepare()
    assert mode(home) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12345, 12345)
    with pytest.raises(StartProblem, match="belongs to the user number 12345, and you are root"):
        DataFolder(home).prepare()


def test_an_unwritable_place_is_refused() -> None:
    # Not writable to anybody, root included.
    with pytest.raises(StartProblem, match="cannot be made"):
        DataFolder(Path("/proc/tomosift")).prepare()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/x", "ext4"),
        ("/home/me/data", "nfs4"),
        ("/home/local/me", "xfs"),
        ("/homes", "ext4"),
        ("/mnt/my data/x", "fuse.sshfs"),
        ("/over/x", "lustre"),
    ],
)
def test_file_system_type(tmp_path: Path, path: str, expected: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert file_system_type(Path(path), mounts) == expected


@pytest.mark.parametrize(("kind", "warned"), [("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("ext4", False)])
def test_network_file_systems_are_warned_of(tmp_path: Path, kind: str, warned: bool) -> None:
    home = tmp_path / "home"
    DataFolder(home).prepare()
    mounts = tmp_path / "mounts"
    mounts.write_text(f"something {tmp_path.resolve()} {kind} rw 0 0\n")
    assert any("network file system" in text for text in DataFolder(home).warnings(mounts)) == warned


def test_secrets_are_private_and_stay(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "home")
    folder.prepare()
    assert folder.secret("password") is None
    before = os.umask(0)
    try:
        value = folder.make_secret("password")
    finally:
        os.umask(before)
    assert folder.secret("password") == value
    assert len(value) >= 32
    assert mode(folder.secrets / "password") == 0o600
    assert [path.name for path in folder.secrets.iterdir()] == ["password"]


def test_private_files_replace_what_a_crash_left(tmp_path: Path) -> None:
    draft = tmp_path / ".name.new"
    draft.write_text("half")
    draft.chmod(0o644)
    write_private(tmp_path / "name", "whole")
    assert (tmp_path / "name").read_text() == "whole"
    assert mode(tmp_path / "name") == 0o600
    assert not draft.exists()


def test_short_paths_keep_their_sockets_at_home() -> None:
    assert len("/data/home/run") < 80
    folder = DataFolder(Path("/data/home"))
    assert folder.run == Path("/data/home/run")


def test_a_fallback_socket_folder_is_private_and_removed_by_the_next_start(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / ("x" * 90))
    folder.prepare()
    first = folder.socket_folder()
    assert mode(first) == 0o700
    assert len(str(first)) < 80
    # The program is killed here; the next one starts.
    second = DataFolder(folder.home).socket_folder()
    assert second != first
    assert not first.exists()
    folder.forget_socket_folder()
    assert not second.exists()
    folder.forget_socket_folder()


def test_a_forged_memo_removes_nothing(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "home")
    folder.prepare()
    precious = tmp_path / "precious"
    precious.mkdir()
    (folder.run / "socket_folder").write_text(str(precious))
    folder.forget_socket_folder()
    assert precious.exists()


def test_one_program_at_a_time(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "home")
    folder.prepare()
    lock = FolderLock(folder)
    lock.acquire()
    lock.tell("http://127.0.0.1:1")
    with pytest.raises(StartProblem, match=rf"process {os.getpid()}, http://127.0.0.1:1\)"):
        FolderLock(folder).acquire()
    lock.release()
    again = FolderLock(folder)
    again.acquire()
    assert not again.earlier_run_was_cut
    again.release()


def test_a_killed_program_leaves_no_lock_but_a_trace(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "home")
    folder.prepare()
    code = (
        "import os, sys; from pathlib import Path\n"
        "from tomosift.supervisor.data_folder import DataFolder, FolderLock\n"
        "FolderLock(DataFolder(Path(sys.argv[1]))).acquire(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder.home)], check=False).returncode == -9
    lock = FolderLock(folder)
    lock.acquire()
    assert lock.earlier_run_was_cut
    lock.release()
