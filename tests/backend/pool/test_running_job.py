"""A job while it is worked on: progress, cancel, a stopping program, a lost lease, and errors of all kinds."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select, update

from tomosift.kit import running_job
from tomosift.kit.database import transaction
from tomosift.kit.job_control import finish, reap_lost_jobs, request_cancel
from tomosift.kit.problems import invalid
from tomosift.kit.running_job import RunningJob, run_job, stop_running_jobs
from tomosift.kit.settings import Settings
from tomosift.tables import Job, JobLogLine, OutboxMessage

pytestmark = pytest.mark.usefixtures("clean_database")


@pytest.fixture
def job_id(settings: Settings) -> uuid.UUID:
    with transaction() as session:
        job = Job(kind="import", task="t", queue="cpu")
        session.add(job)
        session.flush()
        return job.id


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(running_job, "HEARTBEAT_SECONDS", 0.05)
    yield
    running_job._stopping.clear()


def state_of(job_id: uuid.UUID) -> Job:
    with transaction() as session:
        return session.get_one(Job, job_id)


def wait_for(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def work_until_stopped(job: RunningJob) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        job.check()
        time.sleep(0.01)
    raise AssertionError("nobody stopped the job")


def succeed(job: RunningJob) -> None:
    with transaction() as session:
        finish(session, job.claim.job_id, job.claim.token, "succeeded", result={"n": 1})


def test_work_ends_its_job_and_a_second_run_does_nothing(job_id: uuid.UUID) -> None:
    runs: list[int] = []

    def work(job: RunningJob) -> None:
        runs.append(job.claim.attempt)
        succeed(job)

    run_job(job_id, work)
    run_job(job_id, work)
    assert runs == [1]
    assert (state_of(job_id).state, state_of(job_id).result) == ("succeeded", {"n": 1})


def test_the_lease_is_renewed_while_work_goes_on(job_id: uuid.UUID) -> None:
    def work(job: RunningJob) -> None:
        first = state_of(job_id).lease_expires_at
        wait_for(lambda: state_of(job_id).lease_expires_at != first)
        succeed(job)

    run_job(job_id, work)
    assert state_of(job_id).state == "succeeded"


def test_progress_has_rate_and_time_left(job_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_job, "PROGRESS_SECONDS", 0.0)

    def work(job: RunningJob) -> None:
        job.report("copy", 0, 100)
        assert state_of(job_id).progress["rate"] is None
        time.sleep(0.1)
        job.report("copy", 50, 100, "half")
        progress = state_of(job_id).progress
        assert (progress["stage"], progress["done"], progress["total"], progress["message"]) == (
            "copy",
            50,
            100,
            "half",
        )
        assert 0 < progress["rate"] <= 500
        assert progress["eta_seconds"] == pytest.approx(50 / progress["rate"], abs=0.1)
        job.report("publish", 0, 1)
        assert state_of(job_id).progress["rate"] is None, "each stage has its own rate"
        succeed(job)

    run_job(job_id, work)


def test_progress_is_not_written_more_often_than_anybody_reads(job_id: uuid.UUID) -> None:
    def work(job: RunningJob) -> None:
        for done in range(1000):
            job.report("copy", done, 1000)
        assert state_of(job_id).progress["done"] == 0
        job.report("copy", 1000, 1000)
        assert state_of(job_id).progress["done"] == 1000, "the end is always told"
        succeed(job)

    run_job(job_id, work)


def test_a_cancel_stops_the_work(job_id: uuid.UUID) -> None:
    def work(job: RunningJob) -> None:
        with transaction() as session:
            request_cancel(session, session.get_one(Job, job_id))
        work_until_stopped(job)

    run_job(job_id, work)
    assert state_of(job_id).state == "cancelled"


def test_a_stopping_program_gives_its_jobs_back(job_id: uuid.UUID) -> None:
    def work(job: RunningJob) -> None:
        threading.Timer(0.1, stop_running_jobs).start()
        work_until_stopped(job)

    run_job(job_id, work)
    job = state_of(job_id)
    assert (job.state, job.attempt) == ("queued", 1)
    with transaction() as session:
        assert session.scalars(select(OutboxMessage.arguments)).all() == [{"job_id": str(job_id)}]


def test_a_job_that_was_taken_away_is_left_alone(job_id: uuid.UUID) -> None:
    def work(job: RunningJob) -> None:
        with transaction() as session:
            session.execute(update(Job).values(fencing_token=Job.fencing_token + 1, result={"by": "the other"}))
        work_until_stopped(job)

    run_job(job_id, work)
    job = state_of(job_id)
    assert (job.state, job.result) == ("running", {"by": "the other"}), "the other attempt goes on"


def test_a_problem_fails_the_job_and_says_why(job_id: uuid.UUID) -> None:
    def work(job: RunningJob) -> None:
        job.log("looked at it")
        raise invalid("bad", "Bad input", "Row 3 is bad.", errors=[{"row": 3}])

    run_job(job_id, work)
    job = state_of(job_id)
    assert (job.state, (job.problem or {})["errors"]) == ("failed", [{"row": 3}])
    with transaction() as session:
        assert session.scalars(select(JobLogLine.message).order_by(JobLogLine.id)).all() == [
            "looked at it",
            "Row 3 is bad.",
        ]


def test_a_bug_fails_the_job_with_a_number_and_no_secrets(job_id: uuid.UUID, caplog: pytest.LogCaptureFixture) -> None:
    def work(job: RunningJob) -> None:
        raise RuntimeError("/home/ada/secret")

    run_job(job_id, work)
    problem = state_of(job_id).problem or {}
    assert "secret" not in str(problem)
    assert problem["incident"] in caplog.text
    assert "secret" in caplog.text


def test_a_worker_that_dies_is_followed_by_another_attempt(job_id: uuid.UUID) -> None:
    with transaction() as session:
        job = session.get_one(Job, job_id)
        job.state, job.attempt, job.fencing_token = "running", 1, 1
        job.lease_expires_at = job.created_at
    with transaction() as session:
        assert reap_lost_jobs(session) == 1
    attempts: list[int] = []

    def work(job: RunningJob) -> None:
        attempts.append(job.claim.attempt)
        succeed(job)

    run_job(job_id, work)
    assert attempts == [2]
