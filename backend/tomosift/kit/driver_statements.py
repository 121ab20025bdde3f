"""Statements that go to the database driver as they are, for the few that every label and every request waits for.

SQLAlchemy's layer costs such a statement more processor time than psycopg and the network together. The connection,
its transaction and its pool stay SQLAlchemy's, and so do the errors.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_DIALECT = dialect()  # type: ignore[no-untyped-call]


class DriverStatement:
    """SQL with `:name` parameters. Rows are named tuples with the driver's values: uuid, datetime, lists, JSON read."""

    def __init__(self, sql: str) -> None:
        self._query = str(text(sql).compile(dialect=_DIALECT))

    def all(self, connection: Connection | Session, values: Mapping[str, Any]) -> list[Any]:
        """All rows."""
        return self._run(connection, values).fetchall()

    def one_or_none(self, connection: Connection | Session, values: Mapping[str, Any]) -> Any:
        """The first row; None without one."""
        return self._run(connection, values).fetchone()

    def one(self, connection: Connection | Session, values: Mapping[str, Any]) -> Any:
        """The row of a statement that always gives one."""
        row = self.one_or_none(connection, values)
        assert row is not None
        return row

    def _run(self, connection: Connection | Session, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        if isinstance(connection, Session):
            connection = connection.connection()
        driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
        cursor = driver.cursor(row_factory=namedtuple_row)
        try:
            return cursor.execute(self._query, values, prepare=True)
        except psycopg.Error as error:
            is_lost = driver.closed or driver.broken
            if is_lost:
                connection.invalidate(error)
            raise DBAPIError.instance(
                self._query, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=is_lost
            ) from error
