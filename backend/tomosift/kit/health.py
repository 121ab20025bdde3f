"""Is the process up, and can it do its work?"""

from celery import Celery
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tomosift.kit.database import get_engine
from tomosift.kit.problems import ProblemError
from tomosift.kit.schema_revision import SCHEMA_REVISION


def check_ready(broker: Celery) -> None:
    """Raise ProblemError 503 unless the database answers, its schema is this program's, and the broker answers."""
    _check_database()
    _check_schema()
    _check_broker(broker)


def broker_problem(broker: Celery) -> str | None:
    """Why messages cannot be sent now; None if they can."""
    try:
        _check_broker(broker)
    except ProblemError as problem:
        return problem.detail
    return None


def _check_database() -> None:
    try:
        with get_engine().connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception as error:
        raise _not_ready("The database cannot be reached. See logs/postgres.log in the data folder.") from error


def _check_schema() -> None:
    try:
        with get_engine().connect() as connection:
            revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:  # no such table: an empty database
        revision = None
    if revision != SCHEMA_REVISION:
        raise _not_ready("The database has another schema than this program. Start it with `tomosift up`.")


def _check_broker(broker: Celery) -> None:
    try:
        with broker.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except Exception as error:
        raise _not_ready(
            "The message broker (Redis) cannot be reached. See logs/redis.log in the data folder."
        ) from error


def _not_ready(detail: str) -> ProblemError:
    return ProblemError(503, "not-ready", "The service is not ready", detail, headers={"Retry-After": "2"})
