"""How long the answers of creates are kept for repetitions."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from tomosift.kit.database import utc_now
from tomosift.tables import AnsweredRequest

KEPT_FOR = timedelta(days=2)


def forget_old_answers(session: Session) -> None:
    """Drop what was answered more than two days ago. A chore of the relay."""
    session.execute(delete(AnsweredRequest).where(AnsweredRequest.created_at < utc_now() - KEPT_FOR))
