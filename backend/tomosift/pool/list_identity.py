"""When two particle lists are the same: so that no particle comes into a project twice."""

import hashlib
import uuid
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tomosift.kit.problems import conflict
from tomosift.tables import Source


def list_checksum(path: Path) -> str:
    """BLAKE2b of the file's bytes, 32 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def refuse_second_import(session: Session, project_id: uuid.UUID, checksum: str) -> None:
    """Raise ProblemError 409 if this very list is in the project already."""
    name = session.scalar(
        select(Source.name).where(Source.project_id == project_id, Source.checksum == checksum).limit(1)
    )
    if name is not None:
        raise conflict(
            "already-imported",
            "This list is in the project already",
            f"A list with the same content was imported as {name}. Importing it again would show every particle twice.",
        )
