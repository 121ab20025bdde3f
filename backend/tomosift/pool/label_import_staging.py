"""Labels on their way in, in temporary tables: matched with particles and counted by the database, in little memory."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg import Connection as PsycopgConnection
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from tomosift.kit.database import get_engine
from tomosift.kit.problems import invalid
from tomosift.pool.label_import_classes import Target
from tomosift.pool.label_import_files import LabelRows, Match
from tomosift.pool.label_schemas import MOST_MAPPED, LabelUse

SHOWN_KEYS = 5

_ROOM = "SET LOCAL work_mem = '64MB'"

_CREATE = """
CREATE TEMP TABLE label_staged (
    n bigint GENERATED ALWAYS AS IDENTITY, source_id uuid, key text, value text, confidence real
);
CREATE TEMP TABLE label_key (source_id uuid, source_row integer, key text);
CREATE TEMP TABLE label_meaning (value text PRIMARY KEY, number integer, kind text, class_id uuid);
CREATE TEMP TABLE label_match (n bigint, subtomogram_id bigint, value text, confidence real);
CREATE TEMP TABLE label_ambiguous (n bigint PRIMARY KEY);
CREATE TEMP TABLE label_target (subtomogram_id bigint PRIMARY KEY, kind text, class_id uuid, confidence real)
"""
_DROP = "DROP TABLE IF EXISTS label_staged, label_key, label_meaning, label_match, label_ambiguous, label_target"

# What a key is compared with. A key that is no number matches nothing.
_NUMBER = "CASE WHEN t.key ~ '^[0-9]{1,9}$' THEN t.key::int END"
_LONG_NUMBER = "CASE WHEN t.key ~ '^[0-9]{1,18}$' THEN t.key::bigint END"
_JOINS: dict[Match, str] = {
    "id": f"JOIN subtomogram s ON s.id = {_LONG_NUMBER}",
    "row": f"JOIN subtomogram s ON s.source_id = coalesce(t.source_id, :source) AND s.source_row = {_NUMBER} - 1",
    "name": "JOIN subtomogram s ON s.name = t.key",
    "identity": "JOIN subtomogram s ON s.identity = decode(t.key, 'hex')",
    "column": "JOIN label_key k ON k.key = t.key "
    "JOIN subtomogram s ON s.source_id = k.source_id AND s.source_row = k.source_row",
}
_MATCH = """
INSERT INTO label_match
SELECT t.n, s.id, t.value, t.confidence FROM label_staged t {join}
WHERE s.project_id = :project AND (CAST(:source AS uuid) IS NULL OR s.source_id = :source)
"""
_AMBIGUOUS = "INSERT INTO label_ambiguous SELECT n FROM label_match WHERE value <> '' GROUP BY n HAVING count(*) > 1"
# Rows that fit several particles, and particles that several rows contradict each other about, are left out. `number`
# is the same for values that mean the same.
_TARGETS = """
INSERT INTO label_target
SELECT t.subtomogram_id, m.kind, m.class_id, t.confidence
FROM (
    SELECT c.subtomogram_id, min(v.number) AS number, max(c.confidence) AS confidence
    FROM label_match c JOIN label_meaning v ON v.value = c.value
    WHERE c.n NOT IN (SELECT n FROM label_ambiguous)
    GROUP BY c.subtomogram_id HAVING min(v.number) = max(v.number)
) t
JOIN (SELECT DISTINCT number, kind, class_id FROM label_meaning) m ON m.number = t.number
"""
_SPOKEN_OF = """
SELECT count(DISTINCT subtomogram_id) FROM label_match
WHERE value <> '' AND n NOT IN (SELECT n FROM label_ambiguous)
"""
_IS_EVALUATION = "EXISTS (SELECT 1 FROM evaluation_item e WHERE e.subtomogram_id = label_target.subtomogram_id)"
_UNFIT = {
    "ignored": "kind = 'ignore'",
    "evaluation-item": f":use = 'labels' AND {_IS_EVALUATION}",
    "not-evaluation-item": f":use = 'evaluation-truth' AND NOT {_IS_EVALUATION}",
    "no-class": ":use = 'predictions' AND kind <> 'class'",
}


class LabelStaging:
    """Temporary tables on a connection of their own; `connection` is free between two calls."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction that sees the temporary tables: commits when the block ends."""
        with Session(self._connection, expire_on_commit=False) as session, session.begin():
            yield session

    def add_rows(self, rows: LabelRows) -> Iterator[int]:
        """Stage all rows; yields how many after each batch. Rows without a value are counted, not kept."""
        with self.transaction() as session:
            for batch in rows.batches:
                with (
                    _driver(session)
                    .cursor()
                    .copy("COPY label_staged (source_id, key, value, confidence) FROM STDIN") as copy
                ):
                    for key, value, confidence in zip(batch.keys, batch.values, batch.confidences, strict=True):
                        copy.write_row((rows.source_id, _storable(key), _storable(value), confidence))
                yield len(batch.keys)
            session.execute(text("ANALYZE label_staged"))

    def add_keys(self, source_id: uuid.UUID, parts: Iterator[list[str]]) -> None:
        """Stage a column of a source, to match the rows' keys with."""
        row = 0
        with self.transaction() as session:
            with _driver(session).cursor().copy("COPY label_key FROM STDIN") as copy:
                for part in parts:
                    for key in part:
                        copy.write_row((source_id, row, _storable(key)))
                        row += 1
            session.execute(text("ANALYZE label_key"))

    def value_counts(self) -> dict[str, int]:
        """How often each value stands there, the empty one left out. Raises ProblemError 422 for far too many."""
        with self.transaction() as session:
            rows = session.execute(
                text("SELECT value, count(*) FROM label_staged WHERE value <> '' GROUP BY value LIMIT :most"),
                {"most": MOST_MAPPED + 1},
            ).all()
        if len(rows) > MOST_MAPPED:
            raise invalid(
                "too-many-values",
                "Too many different values",
                f"The column has more than {MOST_MAPPED:,} different values. Is it the one with the classes? Nothing "
                "was written.",
            )
        return {str(value): int(count) for value, count in rows}

    def match(self, project_id: uuid.UUID, match: Match, source_id: uuid.UUID | None) -> None:
        """Find each row's particle, among those of the project (and source)."""
        with self.transaction() as session:
            session.execute(text(_ROOM))
            session.execute(text(_MATCH.format(join=_JOINS[match])), {"project": project_id, "source": source_id})
            session.execute(text("ANALYZE label_match"))

    def decide_targets(self, use: LabelUse, meanings: Mapping[str, Target]) -> dict[str, int]:
        """Fill `label_target`, one row a particle to be labeled; returns how many were left out, by reason."""
        with self.transaction() as session:
            session.execute(text(_ROOM))
            if meanings:
                numbers = {each: number for number, each in enumerate(dict.fromkeys(meanings.values()))}
                session.execute(
                    text("INSERT INTO label_meaning VALUES (:value, :number, :kind, :class_id)"),
                    [
                        {"value": value, "number": numbers[each], "kind": each.kind, "class_id": each.class_id}
                        for value, each in meanings.items()
                    ],
                )
            session.execute(text(_AMBIGUOUS))
            skipped = _row_counts(session)
            found = int(session.execute(text(_TARGETS)).rowcount)  # type: ignore[attr-defined]  # of an INSERT
            skipped["contradictory"] = _scalar(session, _SPOKEN_OF) - found
            for reason, condition in _UNFIT.items():
                values = {"use": use} if ":use" in condition else {}
                statement = text(f"DELETE FROM label_target WHERE {condition}")  # noqa: S608 - constants of this file
                skipped[reason] = int(session.execute(statement, values).rowcount)  # type: ignore[attr-defined]
            session.execute(text("ANALYZE label_target"))
        return {reason: count for reason, count in skipped.items() if count}

    def unmatched_keys(self) -> list[str]:
        """A few keys that no particle has, to show."""
        with self.transaction() as session:
            statement = text(
                "SELECT key FROM label_staged t WHERE NOT EXISTS (SELECT 1 FROM label_match m WHERE m.n = t.n) "
                "ORDER BY n LIMIT :shown"
            )
            return [str(key)[:200] for key in session.scalars(statement, {"shown": SHOWN_KEYS})]

    def target_counts(self, session: Session) -> dict[str, int]:
        """How many particles are to get each label, by the class's name, `junk` or `unsure`."""
        rows = session.execute(
            text(
                "SELECT coalesce(c.name, t.kind), count(*) FROM label_target t "
                "LEFT JOIN particle_class c ON c.id = t.class_id GROUP BY 1 ORDER BY 1"
            )
        )
        return {str(name): int(count) for name, count in rows}

    def ranges(self, size: int) -> list[tuple[int, int, int]]:
        """The targets in parts of `size`, by id: (first id, last id, how many)."""
        with self.transaction() as session:
            rows = session.execute(
                text(
                    "SELECT min(subtomogram_id), max(subtomogram_id), count(*) FROM (SELECT subtomogram_id, "
                    "(row_number() OVER (ORDER BY subtomogram_id) - 1) / :size AS part FROM label_target) p "
                    "GROUP BY part ORDER BY part"
                ),
                {"size": size},
            ).all()
        return [(int(first), int(last), int(count)) for first, last, count in rows]


@contextmanager
def label_staging() -> Iterator[LabelStaging]:
    """The temporary tables, as long as the block runs."""
    with get_engine().connect() as connection:
        staging = LabelStaging(connection)
        with staging.transaction() as session:
            session.execute(text(_DROP))
            for statement in _CREATE.split(";"):
                session.execute(text(statement))
        try:
            yield staging
        finally:
            connection.rollback()
            connection.execute(text(_DROP))
            connection.commit()


def _row_counts(session: Session) -> dict[str, int]:
    """Rows that come to no particle, by reason."""
    return {
        "empty": _scalar(session, "SELECT count(*) FROM label_staged WHERE value = ''"),
        "no-such-particle": _scalar(
            session,
            "SELECT count(*) FROM label_staged t WHERE value <> '' "
            "AND NOT EXISTS (SELECT 1 FROM label_match m WHERE m.n = t.n)",
        ),
        "several-particles": _scalar(session, "SELECT count(*) FROM label_ambiguous"),
    }


def _scalar(session: Session, statement: str) -> int:
    return int(session.execute(text(statement)).scalar_one())


def _driver(session: Session) -> "PsycopgConnection[Any]":
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, PsycopgConnection)
    return connection


def _storable(value: str) -> str:
    """Postgres keeps no NUL in a text."""
    return value.replace("\0", "\ufffd")
