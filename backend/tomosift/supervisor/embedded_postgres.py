"""A PostgreSQL server of our own: reached only through a socket in a private folder, and only with a password."""

import os
import pwd
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from tomosift.supervisor.children import Child, ChildPlan, OtherUser, run_to_end
from tomosift.supervisor.data_folder import write_private
from tomosift.supervisor.postgres_binaries import PostgresBinaries
from tomosift.supervisor.problems import ServiceProblem, StartProblem
from tomosift.supervisor.process_table import processes_in

USER = "tomosift"
DATABASE = "tomosift"
PORT = 5432  # only part of the socket's name: nothing listens on TCP
SECRET = "postgres_password"  # noqa: S105 - the name of the file that holds it
RECOVERY_SECONDS = 300.0
STILL_STOPPING_SECONDS = 20.0
HARD_STOP_SECONDS = 0.3
ACCESS_RULES = "# Through the socket, with the password; no other way in.\nlocal all all scram-sha-256\n"

# Small enough for a laptop that also trains networks; durability settings stay at their safe defaults.
SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "password_encryption": "scram-sha-256",
    "shared_buffers": "128MB",
    "max_connections": "120",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "huge_pages": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "cluster_name": "tomosift",
}


def clean_environment() -> dict[str, str]:
    """The environment for PostgreSQL's programs: without PG* variables, which would override settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "TOMOSIFT_"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def cluster_major(data: Path) -> int | None:
    """The major version of the cluster in a folder; None when there is no cluster."""
    try:
        return int((data / "PG_VERSION").read_text().strip().split(".")[0])
    except FileNotFoundError:
        return None


class EmbeddedPostgres:
    """One cluster in `data`, its server, and its socket in `sockets`. `password` is that of its one user."""

    def __init__(
        self,
        binaries: PostgresBinaries,
        *,
        data: Path,
        sockets: Path,
        password: str,
        log: Path,
        settings: Mapping[str, str] | None = None,
        user_namespace: bool = True,
    ) -> None:
        self.binaries, self.data, self.sockets = binaries, data, sockets
        self._password = password
        self._other_user = _choose_user(user_namespace)
        options = {
            **SERVER_SETTINGS,
            # A list of folders, so quoted: the path may hold a comma.
            "unix_socket_directories": '"' + str(sockets).replace('"', '""') + '"',
            **(settings or {}),
        }
        command = [binaries.program("postgres"), "-D", str(data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self.child = Child(
            ChildPlan(
                name="postgres",
                title=f"PostgreSQL {binaries.major}",
                command=command,
                log=log,
                env=clean_environment(),
                # SIGINT is PostgreSQL's fast shutdown: it ends sessions, writes a checkpoint and goes.
                stop_signal=signal.SIGINT,
                death_signal=signal.SIGINT,
                other_user=self._other_user,
                folder=Path("/"),
            )
        )

    def url(self, database: str = DATABASE) -> str:
        """The SQLAlchemy URL of a database on this server; it holds the password."""
        return URL.create(
            "postgresql+psycopg",
            username=USER,
            password=self._password,
            database=database,
            query={"host": str(self.sockets), "port": str(PORT)},
        ).render_as_string(hide_password=False)

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection that commits each statement."""
        return psycopg.connect(
            host=str(self.sockets),
            port=PORT,
            user=USER,
            password=self._password,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
        )

    def create_cluster(self) -> None:
        """Make the cluster, if there is none. A crash in between leaves no half-made one: it is renamed when done."""
        if cluster_major(self.data) is not None:
            self._hand_over_cluster()
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise StartProblem(
                f"{self.data} holds something that is not a database.", "Move it away, or restore it from a backup."
            )
        draft = self.data.with_name(f".{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password_file = self.data.with_name(f".{self.data.name}.password")
        try:
            write_private(password_file, self._password + "\n")
            self._hand_over(draft, password_file)
            self._run_initdb(draft, password_file)
        finally:
            password_file.unlink(missing_ok=True)
        (draft / "pg_hba.conf").write_text(ACCESS_RULES)
        if self.data.exists():
            self.data.rmdir()
        draft.rename(self.data)

    def start(self, report: Callable[[str], None] = lambda _message: None) -> None:
        """Start the server and wait until it answers; waits for an earlier one that is still stopping."""
        self._hand_over(self.sockets)
        deadline = time.monotonic() + STILL_STOPPING_SECONDS
        while not self._start_once(report):
            if time.monotonic() > deadline:
                raise ServiceProblem(
                    f"Another PostgreSQL server is still using {self.data}.",
                    f"Stop it, then start again. {self._log_advice()}",
                )
            time.sleep(0.2)

    def start_again(self) -> None:
        """Start the server without waiting until it answers."""
        self._clear_stale_lock()
        self.child.start()

    def create_database(self, name: str = DATABASE) -> None:
        """Make the database, if there is none."""
        with self.connect("postgres") as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def write_checkpoint(self) -> None:
        """Write to disk what is still in memory only, so that the stop, which does the same, is quick."""
        try:
            with self.connect("postgres") as connection:
                connection.execute("CHECKPOINT")
        except psycopg.Error:
            pass  # the server is gone or going; this was only to save time

    def stop(self, seconds: float) -> None:
        """Stop the server within `seconds`; when that is too short, so hard that it recovers at its next start."""
        self.child.ask_to_stop()
        if not self.child.wait(seconds - HARD_STOP_SECONDS):
            self.child.signal(signal.SIGQUIT)
            self.child.wait(HARD_STOP_SECONDS)
        self.child.close()

    def _run_initdb(self, folder: Path, password_file: Path) -> None:
        locale = ["--locale=C"]
        if self.binaries.major >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = run_to_end(
            [
                self.binaries.program("initdb"),
                f"--pgdata={folder}",
                f"--username={USER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--data-checksums",
                "--no-instructions",
                *locale,
            ],
            env=clean_environment(),
            other_user=self._other_user,
            folder=Path("/"),
        )
        if made.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            said = " ".join(made.stderr.split())[-600:]
            raise StartProblem(f"The database could not be made: {said}", self._user_advice())

    def _start_once(self, report: Callable[[str], None]) -> bool:
        """Start the server; False when it ended because an earlier server has not ended yet."""
        log = self.child.plan.log
        log_began = log.stat().st_size if log is not None and log.exists() else 0
        self.start_again()
        deadline = time.monotonic() + RECOVERY_SECONDS
        told = False
        while time.monotonic() < deadline:
            if self.child.exit_status is not None:
                said = "" if log is None else _read_from(log, log_began)
                self.child.close()
                if re.search(r'lock file ".*" already exists|pre-existing shared memory', said):
                    return False
                reason = next((line for line in said.splitlines() if "FATAL" in line or "cannot start" in line), "")
                raise ServiceProblem(f"PostgreSQL did not start. {reason[:400]}".rstrip(), self._log_advice())
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError as refusal:
                if "password authentication failed" in str(refusal):
                    self.stop(5.0)
                    raise StartProblem(
                        "The embedded database refuses the password in HOME/secrets/postgres_password.",
                        "Restore that file from a backup of the data folder.",
                    ) from None
                if not told and time.monotonic() - self.child.started_at > 5.0:
                    report("PostgreSQL takes a while: after a crash it first works through its journal")
                    told = True
                time.sleep(0.02)
            else:
                return True
        raise ServiceProblem(f"PostgreSQL did not answer within {RECOVERY_SECONDS:.0f} s.", self._log_advice())

    def _clear_stale_lock(self) -> None:
        """Remove the lock files of a server when no process of it is left.

        PostgreSQL does so itself, but takes any living process of that number for a server, and a dead one nobody
        waited for too; both happen in containers. Processes of a server work in its data folder.
        """
        if sys.platform == "linux" and not processes_in(self.data):
            for lock in (self.data / "postmaster.pid", self.sockets / f".s.PGSQL.{PORT}.lock"):
                lock.unlink(missing_ok=True)

    def _hand_over(self, *paths: Path) -> None:
        """As root, give files to the user PostgreSQL runs as."""
        if os.geteuid() != 0:
            return
        uid, gid = self._owner
        for path in paths:
            os.chown(path, uid, gid)
            if uid != 0:
                # That user must be able to pass the folders above, which stay unreadable to it.
                path.parent.chmod(path.parent.stat().st_mode | 0o011)

    def _hand_over_cluster(self) -> None:
        """Give an existing cluster to the user it will run as; root's way to run it may have changed."""
        if os.geteuid() != 0 or self.data.stat().st_uid == self._owner[0]:
            return
        self._hand_over(self.data)
        for folder, names, files in os.walk(self.data):
            for name in (*names, *files):
                os.chown(Path(folder) / name, *self._owner, follow_symlinks=False)

    @property
    def _owner(self) -> tuple[int, int]:
        """(uid, gid) of the server's files when root starts it: in a user namespace they stay root's own."""
        user = self._other_user
        if user is None or user.uid is None or user.gid is None:
            return 0, 0
        return user.uid, user.gid

    def _user_advice(self) -> str:
        if os.geteuid() == 0:
            return (
                "PostgreSQL does not run as root, and this system leaves no other way for root here: start Tomosift as "
                "a normal user, or set TOMOSIFT_DATABASE_URL to a database server."
            )
        return "Check the free space of the disk and the permissions of the data folder."

    def _log_advice(self) -> str:
        return f"Its log is {self.child.plan.log}."


def _choose_user(user_namespace: bool) -> OtherUser | None:
    """Who the server runs as: ourselves, or as root, a user namespace, or `nobody` where those are forbidden."""
    if os.geteuid() != 0:
        return None
    if user_namespace:
        probe = run_to_end(["/bin/sh", "-c", ":"], env=clean_environment(), other_user=OtherUser())
        if probe.returncode == 0:
            return OtherUser()
    nobody = pwd.getpwnam("nobody")
    return OtherUser(nobody.pw_uid, nobody.pw_gid)


def _read_from(path: Path, start: int) -> str:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(65_536).decode(errors="replace")
