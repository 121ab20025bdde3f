"""The outbox: task messages commit with the rows they speak of, and are sent afterwards.

A relay (one at a time, held by an advisory lock) reads unsent rows and gives them to Celery. Sending is at least once:
a consumer must be idempotent, which the claim in `job_control` makes it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tomosift.kit.database import notify, utc_now
from tomosift.tables import Job, OutboxMessage

OUTBOX_CHANNEL = "tomosift_outbox"
KEEP_SENT_FOR = timedelta(days=1)


class SendTask(Protocol):
    """What the relay needs of Celery: `celery_app.send_task`."""

    def __call__(self, name: str, *, kwargs: dict[str, Any], queue: str) -> object: ...


def post_message(
    session: Session, task: str, queue: str, arguments: dict[str, Any], delay: timedelta = timedelta()
) -> None:
    """Put a task message into the outbox; it leaves after this transaction commits, and not before `delay` is over."""
    session.add(OutboxMessage(task=task, queue=queue, arguments=arguments, available_at=utc_now() + delay))
    notify(session, OUTBOX_CHANNEL, queue)


def post_job(session: Session, job: Job, delay: timedelta = timedelta()) -> None:
    """Add a job and the message that asks a worker to run it, in one transaction."""
    session.add(job)
    session.flush()
    post_message(session, job.task, job.queue, {"job_id": str(job.id)}, delay)


def send_waiting(
    session: Session, send_task: SendTask, *, limit: int = 100, now: Callable[[], datetime] = utc_now
) -> int:
    """Send up to `limit` waiting messages, oldest first, and return how many went out.

    Rows another relay holds are skipped. When the broker refuses, the rest waits with a growing pause.
    """
    waiting = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.available_at <= now())
        .order_by(OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    sent = 0
    for message in waiting:
        try:
            send_task(message.task, kwargs=message.arguments, queue=message.queue)
        except Exception:  # the broker's client raises many kinds; all mean "later"
            message.tries += 1
            message.available_at = now() + timedelta(seconds=min(30.0, 0.5 * 2**message.tries))
            break
        message.sent_at = now()
        sent += 1
    return sent


def forget_sent(session: Session) -> None:
    """Drop messages that were sent more than a day ago."""
    session.execute(delete(OutboxMessage).where(OutboxMessage.sent_at < utc_now() - KEEP_SENT_FOR))
