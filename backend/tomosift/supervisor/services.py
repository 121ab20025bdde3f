"""The database and the broker: the servers the settings name, or embedded ones."""

import threading
from collections.abc import Callable
from pathlib import Path

from tomosift.kit.settings import Settings
from tomosift.supervisor import log_files
from tomosift.supervisor.data_folder import DataFolder
from tomosift.supervisor.embedded_postgres import SECRET, EmbeddedPostgres, cluster_major
from tomosift.supervisor.embedded_redis import EmbeddedRedis, find_redis_server, prepare_file_broker
from tomosift.supervisor.given_services import check_database, check_redis
from tomosift.supervisor.postgres_binaries import PostgresBinaries, find_binaries
from tomosift.supervisor.restarts import WatchedChild
from tomosift.supervisor.terminal import StatusLines

STOP_REDIS_SECONDS = 0.3


class Services:
    """Starts what is needed, knows where it is, stops what it started.

    `watch` is called with each server as soon as it was started, before anything else can go wrong.
    """

    def __init__(
        self, settings: Settings, folder: DataFolder, lines: StatusLines, watch: Callable[[WatchedChild], None]
    ) -> None:
        self._settings, self._folder, self._lines, self._watch = settings, folder, lines, watch
        self._postgres: EmbeddedPostgres | None = None
        self._redis: EmbeddedRedis | None = None
        self._owns_sockets = False
        self.postgres_major = 0

    @property
    def binaries(self) -> PostgresBinaries | None:
        """The programs of the embedded database; None when the database is the user's."""
        return self._postgres.binaries if self._postgres is not None else None

    def start(self) -> Settings:
        """Start or check both; returns the settings with both URLs. Raises `StartProblem`."""
        # The user's own servers first: a wrong URL is then told at once.
        database_url = self._use_given_database()
        redis_url = self._use_given_redis()
        sockets = self._folder.run
        if database_url is None or redis_url is None:
            sockets = self._folder.socket_folder()
            self._owns_sockets = True
        if redis_url is None:
            self._launch_redis(sockets)
        if database_url is None:
            database_url = self._start_postgres(sockets)
        if redis_url is None:
            redis_url = self._finish_broker()
        return self._settings.model_copy(update={"database_url": database_url, "redis_url": redis_url})

    def prepare_to_stop(self) -> None:
        """Begin, in the background, what would make the stop slow."""
        if self._postgres is not None and self._postgres.child.running:
            threading.Thread(target=self._postgres.write_checkpoint, name="checkpoint", daemon=True).start()

    def stop(self, seconds: float) -> None:
        """Stop the embedded servers, both at once, within `seconds`."""
        if self._redis is not None:
            self._redis.child.ask_to_stop()
        if self._postgres is not None:
            self._postgres.stop(seconds)
        if self._redis is not None:
            self._redis.stop(STOP_REDIS_SECONDS)
        if self._owns_sockets:
            self._folder.forget_socket_folder()

    def _use_given_database(self) -> str | None:
        if self._settings.database_url is None:
            return None
        with self._lines.step("Connecting to PostgreSQL") as step:
            url, version = check_database(self._settings.database_url)
            step.done = f"PostgreSQL {version} of your own reached"
        self.postgres_major = int(version.split(".")[0])
        return url

    def _use_given_redis(self) -> str | None:
        url = self._settings.redis_url
        if url is not None:
            with self._lines.step("Connecting to Redis") as step:
                step.done = f"Redis {check_redis(url)} of your own reached"
        return url

    def _start_postgres(self, sockets: Path) -> str:
        existing = cluster_major(self._folder.postgres)
        binaries = find_binaries(existing)
        server = self._postgres = EmbeddedPostgres(
            binaries,
            data=self._folder.postgres,
            sockets=sockets,
            password=self._password(existing is not None),
            log=self._fresh_log("postgres"),
        )
        self.postgres_major = binaries.major
        if existing is None:
            with self._lines.step("Making the database") as step:
                server.create_cluster()
                step.done = "Database made"
        else:
            server.create_cluster()
        with self._lines.step(f"Starting PostgreSQL {binaries.major}") as step:
            server.start(self._lines.note)
            self._watch(WatchedChild(server.child, server.start_again))
            server.create_database()
            step.done = f"PostgreSQL {binaries.major} ready"
        return server.url()

    def _password(self, cluster_exists: bool) -> str:
        password = self._folder.secret(SECRET)
        if password is None and cluster_exists:
            raise self._folder.lost_secret(SECRET)
        return password or self._folder.make_secret(SECRET)

    def _launch_redis(self, sockets: Path) -> None:
        program = find_redis_server()
        if program is not None:
            self._redis = EmbeddedRedis(program, data=self._folder.redis, sockets=sockets, log=self._fresh_log("redis"))
            self._redis.launch()
            self._watch(WatchedChild(self._redis.child, self._redis.launch))

    def _finish_broker(self) -> str:
        if self._redis is None:
            self._lines.note("No redis-server was found: messages travel as files, which takes up to a second longer")
            return prepare_file_broker(self._folder.broker)
        with self._lines.step("Starting Redis") as step:
            step.done = f"Redis {self._redis.wait_until_ready()} ready"
        return self._redis.url

    def _fresh_log(self, name: str) -> Path:
        path = self._folder.logs / f"{name}.log"
        log_files.rotate(path)
        return path
