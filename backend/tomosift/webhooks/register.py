"""The webhooks of a project and their deliveries."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.kit.database import utc_now
from tomosift.kit.problems import conflict, not_found
from tomosift.kit.settings import Settings
from tomosift.kit.versions import check_version
from tomosift.kit.webhook_events import add_delivery
from tomosift.tables import Webhook, WebhookDelivery
from tomosift.webhooks.addresses import check_url
from tomosift.webhooks.schemas import WebhookIn, WebhookPatch
from tomosift.webhooks.signature import new_secret

MOST_WEBHOOKS = 20


def list_webhooks(session: Session, project_id: uuid.UUID, limit: int, after: uuid.UUID | None) -> Sequence[Webhook]:
    """Up to `limit` webhooks of the project, by id, after that one."""
    query = select(Webhook).where(Webhook.project_id == project_id).order_by(Webhook.id).limit(limit)
    return session.scalars(query if after is None else query.where(Webhook.id > after)).all()


def find_webhook(session: Session, project_id: uuid.UUID, webhook_id: uuid.UUID, *, lock: bool = False) -> Webhook:
    """The webhook, if it is the project's. Raises ProblemError 404."""
    webhook = session.get(Webhook, webhook_id, with_for_update=lock)
    if webhook is None or webhook.project_id != project_id:
        raise not_found("webhook")
    return webhook


def add_webhook(
    session: Session, project_id: uuid.UUID, user_id: uuid.UUID, wanted: WebhookIn, settings: Settings
) -> Webhook:
    """A new webhook with a secret. Raises ProblemError 409 for too many, 422 for a host that is not allowed."""
    check_url(wanted.url, settings.webhook_hosts)
    count = session.scalar(select(func.count()).select_from(Webhook).where(Webhook.project_id == project_id)) or 0
    if count >= MOST_WEBHOOKS:
        raise conflict("too-many-webhooks", "There are too many webhooks", f"A project has at most {MOST_WEBHOOKS}.")
    webhook = Webhook(
        project_id=project_id,
        url=wanted.url,
        secret=new_secret(),
        events=list(dict.fromkeys(wanted.events)),
        created_by=user_id,
    )
    session.add(webhook)
    session.flush()
    session.refresh(webhook)
    return webhook


def change_webhook(
    session: Session,
    project_id: uuid.UUID,
    webhook_id: uuid.UUID,
    if_match: str | None,
    patch: WebhookPatch,
    settings: Settings,
) -> Webhook:
    """Apply `patch` if the webhook is still at the version `if_match` names. Raises ProblemError 404, 412, 422, 428."""
    webhook = find_webhook(session, project_id, webhook_id, lock=True)
    check_version(if_match, webhook.version, "webhook")
    if patch.url is not None:
        check_url(patch.url, settings.webhook_hosts)
        webhook.url = patch.url
    if patch.events is not None:
        webhook.events = list(dict.fromkeys(patch.events))
    if patch.is_active is not None:
        webhook.is_active = patch.is_active
    webhook.version += 1
    session.flush()
    return webhook


def rotate_secret(session: Session, project_id: uuid.UUID, webhook_id: uuid.UUID) -> Webhook:
    """Give the webhook another secret; what is sent from now on is signed with it. Raises ProblemError 404."""
    webhook = find_webhook(session, project_id, webhook_id, lock=True)
    webhook.secret = new_secret()
    webhook.version += 1
    session.flush()
    return webhook


def list_deliveries(
    session: Session, webhook_id: uuid.UUID, limit: int, before_id: int | None
) -> Sequence[WebhookDelivery]:
    """Up to `limit` deliveries of a webhook, newest first, older than that of `before_id`."""
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if before_id is not None:
        query = query.where(WebhookDelivery.id < before_id)
    return session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit)).all()


def ping(session: Session, webhook: Webhook) -> WebhookDelivery:
    """A delivery that tells of nothing, to try the way. Raises ProblemError 409 for a paused webhook."""
    _refuse_paused(webhook)
    return add_delivery(session, webhook, "ping", {"webhook": str(webhook.id)})


def redeliver(session: Session, webhook: Webhook, delivery_id: int) -> WebhookDelivery:
    """Send a delivery again from the beginning, under the same id. Raises ProblemError 404, 409."""
    _refuse_paused(webhook)
    delivery = session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if delivery is None or delivery.webhook_id != webhook.id:
        raise not_found("delivery")
    if delivery.state != "waiting":
        delivery.state, delivery.tries, delivery.finished_at = "waiting", 0, None
    delivery.next_try_at = utc_now()
    session.flush()
    return delivery


def _refuse_paused(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise conflict("webhook-paused", "This webhook is paused", "Set `is_active` to true first.")
