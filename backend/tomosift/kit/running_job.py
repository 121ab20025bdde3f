"""A claimed job while this process works on it: lease kept alive, cancel and stop noticed, progress with its rate."""

import logging
import secrets
import socket
import threading
import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from tomosift.kit import job_control
from tomosift.kit.database import transaction
from tomosift.kit.job_control import Cancelled, Claim, FencedOff
from tomosift.kit.problems import ProblemError

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
PROGRESS_SECONDS = 0.5

_stopping = threading.Event()


class Stopping(RuntimeError):
    """This program stops; the job goes back into the queue."""


def stop_running_jobs() -> None:
    """Let every running job of this process give itself back at its next `check` (the worker is shutting down)."""
    _stopping.set()


class RunningJob:
    """Use it as a context; call `check()` often, and `report()` as work is done."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self._lost = threading.Event()
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._beat = threading.Thread(target=self._keep_lease, name=f"heartbeat-{claim.job_id}", daemon=True)
        self._stage: str | None = None
        self._stage_started = 0.0
        self._stage_done_before = 0
        self._reported = 0.0

    def __enter__(self) -> Self:
        self._beat.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._beat.join()

    def check(self) -> None:
        """Raise if there is a reason to stop: FencedOff, Cancelled or Stopping."""
        if self._lost.is_set():
            raise FencedOff(f"job {self.claim.job_id} is no longer held by token {self.claim.token}")
        if self._cancelled.is_set():
            raise Cancelled(f"job {self.claim.job_id} was cancelled")
        if _stopping.is_set():
            raise Stopping("this program stops")

    def report(self, stage: str, done: int, total: int, message: str = "") -> None:
        """Check, then publish progress, at most twice a second; rate and time left count from the stage's start."""
        self.check()
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._stage_started, self._stage_done_before = stage, now, done
        elif now - self._reported < PROGRESS_SECONDS and done < total:
            return
        self._reported = now
        elapsed = now - self._stage_started
        rate = (done - self._stage_done_before) / elapsed if elapsed > 0 else 0.0
        with transaction() as session:
            job_control.report_progress(
                session,
                self.claim.job_id,
                self.claim.token,
                {
                    "stage": stage,
                    "done": done,
                    "total": total,
                    "rate": round(rate, 2) if rate else None,
                    "eta_seconds": round((total - done) / rate, 1) if rate else None,
                    "message": message,
                },
            )

    def log(self, message: str, level: str = "info") -> None:
        """A line for people."""
        with transaction() as session:
            job_control.write_log(session, self.claim.job_id, message, level)

    def _keep_lease(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            try:
                with transaction() as session:
                    if job_control.heartbeat(session, self.claim.job_id, self.claim.token):
                        self._cancelled.set()
            except FencedOff:
                # Also when the work has just finished the job itself; then nobody asks any more.
                self._lost.set()
                return
            except SQLAlchemyError as error:  # the database is being restarted, say: the lease lasts a few beats
                logger.warning("heartbeat of job %s failed: %s", self.claim.job_id, type(error).__name__)


def run_job(job_id: uuid.UUID, work: Callable[[RunningJob], None]) -> None:
    """Claim a job and do its `work`, which ends it itself (`job_control.finish`) in the transaction of its results.

    What `work` raises ends the job here: ProblemError as failed with that problem, Cancelled as cancelled, Stopping
    gives it back, anything else is failed with an incident number. A job somebody else holds is left alone.
    """
    with transaction() as session:
        claim = job_control.claim(session, job_id, f"{socket.gethostname()}:{threading.get_native_id()}")
    if claim is None:
        return
    try:
        try:
            with RunningJob(claim) as job:
                work(job)
        except Stopping:
            with transaction() as session:
                job_control.give_back(session, job_id, claim.token)
        except Cancelled:
            with transaction() as session:
                job_control.finish(session, job_id, claim.token, "cancelled")
        except ProblemError as problem:
            _fail(claim, problem)
        except FencedOff:
            raise
        except Exception:
            incident = secrets.token_hex(4)
            logger.exception("incident %s: job %s failed", incident, job_id)
            _fail(claim, _unexpected(incident))
    except FencedOff:
        logger.warning("job %s was taken over by another worker; nothing written", job_id)


def _fail(claim: Claim, problem: ProblemError) -> None:
    with transaction() as session:
        job_control.write_log(session, claim.job_id, problem.detail, "error")
        job_control.finish(session, claim.job_id, claim.token, "failed", problem=problem.body())


def _unexpected(incident: str) -> ProblemError:
    return ProblemError(
        500,
        "unexpected",
        "Something went wrong in the worker",
        f"Nothing was changed. Try again; if it stays, give the administrator the number {incident}: the log of the "
        "worker has the cause.",
        incident=incident,
    )
