"""What webhooks may be told of, and putting it on their lists in the transaction in which it happens.

A delivery is a row of `webhook_delivery`: it commits with what it tells of. `webhooks.sender` sends it.
"""

import uuid
from datetime import timedelta
from typing import Any, Literal, get_args

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from tomosift.kit.database import utc_now
from tomosift.tables import Cycle, Job, Project, Webhook, WebhookDelivery

WebhookEvent = Literal[
    "batch.finished",
    "cycle.ready",
    "cycle.failed",
    "import.finished",
    "label-import.finished",
    "export.finished",
]
EVENTS: tuple[str, ...] = get_args(WebhookEvent)
KEEP_DELIVERIES_FOR = timedelta(days=30)

# Job kinds and the event that tells of their end; previews and unpacking are steps of an import.
_JOB_EVENTS = {"import": "import.finished", "label-import": "label-import.finished", "export": "export.finished"}
_PROBLEM_FIELDS = ("type", "title", "detail")

# Batches of which the last question was answered within a day. One a batch and webhook: the delivery itself is the
# mark that it was told. Decisions stay quick, because none of them has to look.
_FINISHED_BATCHES = text("""
SELECT w.id AS webhook_id, w.project_id, newest.batch
FROM webhook w
CROSS JOIN LATERAL (
    SELECT max(q.batch) AS batch FROM queue_item q WHERE q.project_id = w.project_id AND q.work = 'query'
) newest
WHERE w.is_active AND w.events ? 'batch.finished'
  AND EXISTS (
    SELECT 1 FROM queue_item q
    WHERE q.project_id = w.project_id AND q.batch = newest.batch AND q.work = 'query' AND q.state = 'done'
      AND q.closed_at > greatest(w.created_at, now() - interval '1 day')
  )
  AND NOT EXISTS (
    SELECT 1 FROM queue_item q
    WHERE q.project_id = w.project_id AND q.batch = newest.batch AND q.work = 'query' AND q.state = 'open'
  )
  AND NOT EXISTS (
    SELECT 1 FROM webhook_delivery d
    WHERE d.webhook_id = w.id AND d.event = 'batch.finished' AND d.payload->'data'->>'batch' = newest.batch::text
  )
FOR UPDATE OF w SKIP LOCKED
""")


def add_delivery(session: Session, webhook: Webhook, event: str, data: dict[str, Any]) -> WebhookDelivery:
    """Put one event on one webhook's list."""
    slug = session.scalar(select(Project.slug).where(Project.id == webhook.project_id))
    payload = {"type": event, "timestamp": utc_now().isoformat(), "project": slug, "data": data}
    delivery = WebhookDelivery(webhook_id=webhook.id, event=event, payload=payload)
    session.add(delivery)
    session.flush()
    return delivery


def tell_webhooks(session: Session, project_id: uuid.UUID, event: WebhookEvent, data: dict[str, Any]) -> None:
    """Put an event on the list of every active webhook of the project that wants it."""
    wanting = session.scalars(
        select(Webhook).where(Webhook.project_id == project_id, Webhook.is_active, Webhook.events.contains([event]))
    )
    for webhook in wanting.all():
        add_delivery(session, webhook, event, data)


def tell_of_job(session: Session, job: Job) -> None:
    """Put the end of a job on the webhooks' lists; call it in the transaction that ends the job."""
    if job.project_id is None:
        return
    if job.kind == "cycle":
        cycle = session.scalar(select(Cycle.number).where(Cycle.job_id == job.id))
        event: str | None = "cycle.ready" if job.state == "succeeded" else "cycle.failed"
        data: dict[str, Any] = {"cycle": cycle}
    else:
        event, data = _JOB_EVENTS.get(job.kind), {}
    if event is not None:
        problem = {name: job.problem[name] for name in _PROBLEM_FIELDS if name in job.problem} if job.problem else None
        data = {**data, "job": str(job.id), "state": job.state, "problem": problem}
        tell_webhooks(session, job.project_id, event, data)  # type: ignore[arg-type]


def tell_of_batches(session: Session) -> None:
    """Put batches that are answered on the webhooks' lists. A chore of the relay."""
    for row in session.execute(_FINISHED_BATCHES).all():
        webhook = session.get_one(Webhook, row.webhook_id)
        add_delivery(session, webhook, "batch.finished", {"batch": row.batch})


def forget_old_deliveries(session: Session) -> None:
    """Drop deliveries that ended more than thirty days ago. A chore of the relay."""
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.finished_at < utc_now() - KEEP_DELIVERIES_FOR))
