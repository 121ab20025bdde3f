"""Which rows of a list are particles that the project has already, found by their identities in the database."""

import uuid
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tomosift.tables import Source, Subtomogram

_MATCHES = text(
    "SELECT wanted.row, subtomogram.id FROM wanted_identity wanted "
    "JOIN subtomogram ON subtomogram.project_id = :project AND subtomogram.identity = wanted.identity"
)


def find_existing(
    session: Session, project_id: uuid.UUID, identities: Sequence[bytes], relion_checksum: str | None
) -> NDArray[np.int64]:
    """The subtomogram of each row, `(n,)`; 0 for rows that are new to the project.

    `relion_checksum`: sources of before there were identities hold the rows of the list with this checksum.
    """
    found = np.zeros(len(identities), np.int64)
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE wanted_identity (row int, identity bytea) ON COMMIT DROP")
        with cursor.copy("COPY wanted_identity FROM STDIN") as copy:
            for row, identity in enumerate(identities):
                copy.write_row((row, identity))
        cursor.execute("ANALYZE wanted_identity")
    matches = session.execute(_MATCHES, {"project": project_id}, execution_options={"yield_per": 50_000})
    for part in matches.partitions():
        pairs = np.array([tuple(match) for match in part], np.int64)
        found[pairs[:, 0]] = pairs[:, 1]
    session.execute(text("DROP TABLE wanted_identity"))
    if relion_checksum is not None and not found.all():
        _add_rows_of_same_list(session, project_id, relion_checksum, found)
    return found


def _add_rows_of_same_list(session: Session, project_id: uuid.UUID, checksum: str, found: NDArray[np.int64]) -> None:
    """Fill in what a source made of the very same list holds, row by row."""
    same = session.scalar(
        select(Source.id)
        .where(
            Source.project_id == project_id,
            Source.checksum == checksum,
            Source.row_count == len(found),
            Source.format == "relion",
        )
        .limit(1)
    )
    if same is None:
        return
    rows = session.execute(
        select(Subtomogram.source_row, Subtomogram.id).where(Subtomogram.source_id == same),
        execution_options={"yield_per": 50_000},
    )
    for row, subtomogram_id in rows:
        if found[row] == 0:
            found[row] = subtomogram_id
