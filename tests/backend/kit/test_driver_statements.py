"""Statements past SQLAlchemy's layer: its transactions, its errors, its care for lost connections."""

import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from tomosift.kit.database import get_engine, reading, transaction
from tomosift.kit.driver_statements import DriverStatement

pytestmark = pytest.mark.usefixtures("clean_database", "settings")

_ECHO = DriverStatement("SELECT CAST(:id AS uuid) AS id, '50 %' AS share, CAST(:names AS text[]) AS names")
_MEMBER = DriverStatement(
    "INSERT INTO project_member (project_id, user_id, role, version) VALUES (:project, :user, 'viewer', 1)"
)
_BACKEND = DriverStatement("SELECT pg_backend_pid() AS pid")


def test_values_come_back_as_they_are() -> None:
    values = {"id": uuid.uuid4(), "names": ["a", "b"]}
    with reading() as connection:
        row = _ECHO.one(connection, values)
    assert (row.id, row.share, row.names) == (values["id"], "50 %", ["a", "b"])


def test_takes_part_in_the_transaction() -> None:
    count = DriverStatement("SELECT count(*) AS n FROM probe")
    with transaction() as session:
        session.execute(text("CREATE TABLE probe (n int)"))
        assert count.one(session, {}).n == 0
        session.rollback()
    with pytest.raises(Exception, match="probe"), reading() as connection:
        count.all(connection, {})


def test_errors_are_those_of_the_layer() -> None:
    with pytest.raises(IntegrityError, match="foreign key"), transaction() as session:
        _MEMBER.all(session, {"project": uuid.uuid4(), "user": uuid.uuid4()})
    with pytest.raises(DataError), reading() as connection:
        _ECHO.one(connection, {"id": "no uuid", "names": []})


def test_a_lost_connection_leaves_the_pool() -> None:
    with reading() as connection:
        lost = _BACKEND.one(connection, {}).pid
        with get_engine().connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 2000)"), {"pid": lost})
        with pytest.raises(OperationalError):
            _BACKEND.one(connection, {})
    with transaction() as session:
        assert _BACKEND.one(session, {}).pid != lost
