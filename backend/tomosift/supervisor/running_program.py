"""The running program: its parts started in order, watched, and stopped in reverse."""

import json
import os
import time
from pathlib import Path
from socket import socket
from typing import Literal

from tomosift.kit.settings import Settings
from tomosift.supervisor import log_files
from tomosift.supervisor.children import Child, ChildPlan, stop_together
from tomosift.supervisor.data_folder import DataFolder, FolderLock, write_private
from tomosift.supervisor.leftovers import ChildRegister
from tomosift.supervisor.listening_socket import is_ready, local_address, open_listening_socket
from tomosift.supervisor.problems import ServiceProblem, StartProblem
from tomosift.supervisor.program import Program, api_plan, api_processes, settings_environment, worker_plan
from tomosift.supervisor.restarts import WatchedChild, ended_at_start
from tomosift.supervisor.schema_update import bring_up_to_date, wait_for_schema
from tomosift.supervisor.services import Services
from tomosift.supervisor.stray_processes import RUN_MARK, kill_stray_processes
from tomosift.supervisor.terminal import StatusLines

Part = Literal["all", "api", "worker"]

READY_SECONDS = 120.0
SCHEMA_SECONDS = 120.0
PORT_PATIENCE_SECONDS = 6.0
LOG_CHECK_SECONDS = 10.0
# The whole stop takes 6 s at most. Training gets 3 s to write a checkpoint and end, its worker a little more.
STOP_SECONDS = 5.2
STOP_PYTHON_SECONDS = 3.7
LEAST_SERVICES_SECONDS = 0.8


class RunningProgram:
    """Everything `tomosift up` starts. `start`, then `look_after` again and again, then `stop`, whatever happened.

    `part`: "all"; or "api" or "worker" alone, as the containers of a lab server run them, whose output then goes to
    this process's own output instead of log files. A worker alone shares the data folder with the API's program.
    """

    def __init__(self, settings: Settings, program: Program, part: Part, lines: StatusLines) -> None:
        self._settings, self._program, self._part, self._lines = settings, program, part, lines
        self._folder = DataFolder(settings.home)
        self._lock = FolderLock(self._folder)
        self._register = ChildRegister(self._folder.run / "children.json")
        self._services = Services(settings, self._folder, lines, self._watch)
        self._address_file = settings.home / "service.json"
        self._socket: socket | None = None
        self._watched: list[WatchedChild] = []
        self._python: list[Child] = []
        self._owns_folder = False
        self._next_log_check = 0.0

    @property
    def url(self) -> str:
        """Where this computer reaches the service."""
        host = local_address(self._settings.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._settings.port}"

    def start(self) -> Settings:
        """Start everything and wait until the service answers; returns the settings with both services' URLs.

        Raises `StartProblem`; call `stop` even then.
        """
        self._take_folder()
        if self._part != "worker":
            patience = PORT_PATIENCE_SECONDS if self._lock.earlier_run_was_cut else 0.0
            self._socket = open_listening_socket(self._settings.host, self._settings.port, patience_seconds=patience)
        settings = self._services.start()
        self._settle_schema(settings.database_url or "")
        environment = {**os.environ, **settings_environment(settings), **RUN_MARK}
        if self._socket is not None:
            self._launch_first_api(environment)
        if self._part != "api":
            self._launch_workers(environment)
        if self._socket is not None:
            self._launch_more_apis(environment)
        return settings

    def look_after(self) -> None:
        """One round of watching: start again what ended, keep logs short. Raises `ServiceProblem` to give up."""
        for watched in self._watched:
            if watched.look_after(self._lines.warn):
                self._record()
        if time.monotonic() > self._next_log_check:
            self._next_log_check = time.monotonic() + LOG_CHECK_SECONDS
            for watched in self._watched:
                if watched.child.plan.log is not None:
                    log_files.shorten(watched.child.plan.log)

    def stop(self) -> None:
        """Stop everything in reverse order within `STOP_SECONDS` and leave no process behind."""
        deadline = time.monotonic() + STOP_SECONDS
        self._services.prepare_to_stop()
        stop_together(reversed(self._python), STOP_PYTHON_SECONDS)
        kill_stray_processes()
        self._services.stop(max(LEAST_SERVICES_SECONDS, deadline - time.monotonic()))
        if self._socket is not None:
            self._socket.close()
        if self._owns_folder:
            self._address_file.unlink(missing_ok=True)
            self._register.forget()
            self._lock.release()

    def _take_folder(self) -> None:
        if self._part == "worker":
            if self._settings.database_url is None or self._settings.redis_url is None:
                raise StartProblem(
                    "A worker alone needs the database and Redis that the service uses.",
                    "Set TOMOSIFT_DATABASE_URL and TOMOSIFT_REDIS_URL, or start everything with `tomosift up`.",
                )
            self._folder.prepare()
            return
        self._folder.prepare()
        self._lock.acquire()
        self._owns_folder = True
        self._address_file.unlink(missing_ok=True)
        for warning in self._folder.warnings():
            self._lines.warn(warning)
        ended = self._register.end_leftovers()
        if ended:
            self._lines.note(f"{ended} processes of a run that was cut short have been ended")

    def _settle_schema(self, database_url: str) -> None:
        if self._part == "worker":
            wait_for_schema(database_url, SCHEMA_SECONDS)
            return
        with self._lines.step("Checking the database's schema") as step:
            update = bring_up_to_date(
                database_url,
                server_major=self._services.postgres_major,
                dumps=self._folder.dumps,
                binaries=self._services.binaries,
            )
            if update.dump is not None:
                step.done = (
                    f"Database dumped to {update.dump} and brought from schema {update.before} to {update.after}"
                )
            elif update.changed:
                step.done = f"Tables made (schema {update.after})"

    def _launch_first_api(self, environment: dict[str, str]) -> None:
        """The API alone until it answers: a person waits for it, and on two cores the workers would double the wait."""
        assert self._socket is not None
        api = self._launch(api_plan(self._program, self._socket.fileno(), self._log("api"), environment))
        self._wait_until_ready(api)
        self._publish()

    def _launch_more_apis(self, environment: dict[str, str]) -> None:
        """The other API processes of the same socket. They come last: the first answers alone while they start."""
        assert self._socket is not None
        for number in range(2, api_processes(self._settings) + 1):
            name = f"api-{number}"
            self._launch(api_plan(self._program, self._socket.fileno(), self._log(name), environment, name))

    def _launch_workers(self, environment: dict[str, str]) -> None:
        for worker in self._program.workers:
            if worker.can_run:
                self._launch(worker_plan(worker, self._log(worker.name), environment))
            else:
                self._lines.warn(
                    f"{worker.title} not started: the Python package {worker.needs} is not installed. "
                    "Labeling works, cycles wait; install it with: pip install 'tomosift[worker]'"
                )

    def _launch(self, plan: ChildPlan) -> Child:
        child = Child(plan)
        child.start()
        self._python.append(child)
        self._watch(WatchedChild(child, child.start))
        return child

    def _watch(self, watched: WatchedChild) -> None:
        self._watched.append(watched)
        self._record()

    def _record(self) -> None:
        if self._owns_folder:
            self._register.record(watched.child for watched in self._watched)

    def _wait_until_ready(self, api: Child) -> None:
        with self._lines.step("Starting the service") as step:
            deadline = time.monotonic() + READY_SECONDS
            said = ""
            while time.monotonic() < deadline:
                for watched in self._watched:
                    if watched.child not in self._python and not watched.child.running:
                        raise ended_at_start(watched.child)
                if not api.running:
                    raise ended_at_start(api)
                ready, said = is_ready(self._settings.host, self._settings.port)
                if ready:
                    step.done = "Service ready"
                    return
                time.sleep(0.05)
        raise ServiceProblem(
            f"The service was not ready after {READY_SECONDS:.0f} s: {said}", f"Its log is {api.plan.log}."
        )

    def _publish(self) -> None:
        """Say where the service is: to a second `tomosift up`, and to the other commands on this computer."""
        self._lock.tell(self.url)
        write_private(self._address_file, json.dumps({"url": self.url, "pid": os.getpid()}) + "\n")

    def _log(self, name: str) -> Path | None:
        if self._part != "all":
            return None
        path = self._folder.logs / f"{name}.log"
        log_files.rotate(path)
        return path
