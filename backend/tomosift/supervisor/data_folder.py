"""The data folder: who may use it, what lies in it, and the lock that one running program holds on it."""

import fcntl
import json
import os
import pwd
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tomosift.supervisor.problems import StartProblem

PRIVATE = 0o700
LEAST_FREE_BYTES = 2_000_000_000
# Longest path a socket's folder may have: sun_path holds 104 bytes on macOS, 108 on Linux, with name and final zero.
LONGEST_SOCKET_FOLDER = 80
NETWORK_FILE_SYSTEMS = re.compile(
    r"nfs\d*|cifs|smb\d*|smbfs|lustre|gpfs|beegfs|ceph|glusterfs|afs|ncpfs|9p|panfs|pvfs2|orangefs|wekafs"
    r"|fuse\.(sshfs|glusterfs|ceph|lustre|s3fs|rclone|smbnetfs|curlftpfs|davfs2?|gcsfuse|juicefs)"
)


@dataclass(frozen=True)
class DataFolder:
    """The paths in the data folder. `prepare` makes them; all are readable by their owner alone."""

    home: Path

    @property
    def secrets(self) -> Path:
        """Passwords, each a file of mode 0600."""
        return self.home / "secrets"

    @property
    def logs(self) -> Path:
        """What the child processes wrote."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Sockets and the list of running children."""
        return self.home / "run"

    @property
    def postgres(self) -> Path:
        """The embedded database's cluster; made by initdb, not by `prepare`."""
        return self.home / "postgres"

    @property
    def redis(self) -> Path:
        """The embedded Redis's append-only file."""
        return self.home / "redis"

    @property
    def broker(self) -> Path:
        """Message files, where there is no Redis."""
        return self.home / "broker"

    @property
    def dumps(self) -> Path:
        """Database dumps made before migrations."""
        return self.home / "dumps"

    def prepare(self) -> None:
        """Make the folder, or check one that exists. Raises `StartProblem`."""
        _make_or_check(self.home)
        for folder in (self.secrets, self.logs, self.run, self.redis, self.dumps):
            folder.mkdir(mode=PRIVATE, exist_ok=True)
            folder.chmod(PRIVATE)

    def warnings(self, mounts: Path = Path("/proc/mounts")) -> list[str]:
        """What may go wrong later: a network file system, little space."""
        found = []
        kind = file_system_type(self.home, mounts)
        if kind is not None and NETWORK_FILE_SYSTEMS.fullmatch(kind):
            found.append(
                f"The data folder {self.home} is on a network file system ({kind}). A database there may be slow or be "
                "damaged when the connection breaks; set TOMOSIFT_HOME to a folder on a local disk, and "
                "TOMOSIFT_STORE_URL to the large disk for volumes."
            )
        free = shutil.disk_usage(self.home).free
        if free < LEAST_FREE_BYTES:
            found.append(f"Only {free / 1e9:.1f} GB are free where the data folder {self.home} is.")
        return found

    def secret(self, name: str) -> str | None:
        """A secret stored earlier."""
        try:
            return (self.secrets / name).read_text().strip() or None
        except FileNotFoundError:
            return None

    def make_secret(self, name: str) -> str:
        """Store a new random secret so that it survives a crash, and return it."""
        value = secrets.token_urlsafe(32)
        write_private(self.secrets / name, value + "\n")
        return value

    def lost_secret(self, name: str) -> StartProblem:
        """The problem to raise when a secret is gone that what exists already was made with."""
        return StartProblem(
            f"The password file {self.secrets / name} is missing, and the database cannot be opened without it.",
            "Restore the file from a backup of the data folder.",
        )

    def socket_folder(self) -> Path:
        """A private folder for sockets: `HOME/run`, or a short one elsewhere when that path is too long.

        The name of a fallback folder is remembered, so that the next start removes it when this one could not.
        """
        memo = self.run / "socket_folder"
        self.forget_socket_folder()
        if len(os.fsencode(self.run)) <= LONGEST_SOCKET_FOLDER:
            return self.run
        folder = Path(tempfile.mkdtemp(prefix="tomosift-", dir=_short_parent()))
        memo.write_text(str(folder))
        return folder

    def forget_socket_folder(self) -> None:
        """Remove a fallback folder for sockets, of this run or an earlier one."""
        memo = self.run / "socket_folder"
        if not memo.exists():
            return
        folder = Path(memo.read_text())
        # Only what mkdtemp made for us: the memo is in our own folder, but a wrong rmtree cannot be undone.
        if folder.name.startswith("tomosift-") and folder.is_dir() and folder.stat().st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)
        memo.unlink()


def _make_or_check(home: Path) -> None:
    another = "Set TOMOSIFT_HOME to a folder of your own."
    if home in (Path("/"), Path.home()):
        raise StartProblem(f"{home} cannot be the data folder: it holds other things.", another)
    try:
        home.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        status = home.stat()
    except FileExistsError:
        raise StartProblem(f"The data folder {home} is a file.", another) from None
    except OSError as problem:
        raise StartProblem(f"The data folder {home} cannot be made ({problem.strerror}).", another) from None
    if status.st_uid != os.geteuid():
        owner = _user_name(status.st_uid)
        raise StartProblem(
            f"The data folder {home} belongs to the user {owner}, and you are {_user_name(os.geteuid())}.",
            f"Start Tomosift as {owner}, or set TOMOSIFT_HOME to a folder of your own.",
        )
    try:
        home.chmod(PRIVATE)
        os.listdir(home)  # noqa: PTH208 - the question is only whether it can be read
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"tomosift")
            probe.flush()
    except OSError as problem:
        raise StartProblem(
            f"The data folder {home} cannot be read or written ({problem.strerror}).",
            "Check its permissions and the free space of its disk, or set TOMOSIFT_HOME to another folder.",
        ) from None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may ever read, whole or not at all, and see it safe on the disk."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(file)
    draft.replace(path)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"


def _short_parent() -> str:
    """Where a short private folder can be made: the user's runtime folder if there is one, else a temporary folder."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    for candidate in (runtime, tempfile.gettempdir()):
        if candidate and len(candidate) <= LONGEST_SOCKET_FOLDER - 20 and os.access(candidate, os.W_OK | os.X_OK):
            return candidate
    return "/tmp"  # noqa: S108 - mkdtemp makes a private folder in it


def file_system_type(path: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """The type of the file system `path` lies on, from the kernel's list of mounts; None where there is no list."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return None
    path = path.resolve()
    best: tuple[int, str] | None = None
    for line in lines:
        _device, where, kind, *_ = line.split(" ")
        mount = Path(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), where))
        # A later mount on the same point hides the earlier one.
        if path.is_relative_to(mount) and (best is None or len(mount.parts) >= best[0]):
            best = (len(mount.parts), kind)
    return None if best is None else best[1]


class FolderLock:
    """The lock on the data folder. The kernel frees it when the process ends, so a stale lock cannot exist.

    The file holds `{pid, url}` of the running program; an orderly end empties it.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._path = folder.home / "lock"
        self._file: int | None = None
        self.earlier_run_was_cut = False

    def acquire(self) -> None:
        """Take the lock, or raise `StartProblem` that names the program holding it."""
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self._read()
            os.close(self._file)
            self._file = None
            raise StartProblem(
                f"Tomosift is running on the data folder {self._path.parent} already (process {holder.get('pid', '?')}"
                f", {holder.get('url', 'still starting')}).",
                "Use that one, stop it with Ctrl-C, or set TOMOSIFT_HOME to another folder.",
            ) from None
        except OSError as problem:
            raise StartProblem(
                f"The data folder {self._path.parent} cannot be locked ({problem.strerror}).",
                "Its file system may not support locks; set TOMOSIFT_HOME to a folder on a local disk.",
            ) from None
        self.earlier_run_was_cut = bool(self._read())
        self._write({"pid": os.getpid()})

    def tell(self, url: str) -> None:
        """Say where the program can be reached."""
        self._write({"pid": os.getpid(), "url": url})

    def release(self) -> None:
        """Empty the file and free the lock."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def _read(self) -> dict[str, object]:
        assert self._file is not None
        try:
            found = json.loads(os.pread(self._file, 4096, 0) or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, content: dict[str, object]) -> None:
        assert self._file is not None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(content).encode(), 0)
