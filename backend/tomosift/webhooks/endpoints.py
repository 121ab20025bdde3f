"""HTTP face of the webhooks room; owners only."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Response

from tomosift.accounts.repeatable import repeatable
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, decode_id_cursor, page_of
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.kit.versions import IfMatch, etag
from tomosift.projects.access import OwnerAccess
from tomosift.tables import Project, Webhook, WebhookDelivery
from tomosift.webhooks import register
from tomosift.webhooks.schemas import DeliveryOut, WebhookIn, WebhookMade, WebhookOut, WebhookPatch

router = APIRouter(prefix="/projects/{slug}/webhooks", tags=["webhooks"], responses=problems(401, 403, 404, 422))

DeliveryId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("", summary="Webhooks of a project")
def read_webhooks(access: OwnerAccess, limit: PageLimit = 100, after: PageAfter = None) -> Page[WebhookOut]:
    """Who is told of what; secrets are never shown again."""
    with transaction() as session:
        rows = register.list_webhooks(session, access.project_id, limit + 1, decode_id_cursor(after))
    return page_of(rows, limit, WebhookOut.model_validate, lambda row: (str(row.id),))


@router.post("", status_code=201, summary="Make a webhook", responses=problems(409))
@repeatable(shows_secret=True)
def create_webhook(body: WebhookIn, access: OwnerAccess, response: Response) -> WebhookMade:
    """Tell a URL of these events from now on. The answer shows the secret that signs them, this once."""
    with transaction() as session:
        webhook = register.add_webhook(session, access.project_id, access.user.id, body, get_settings())
        record(session, access.user, "webhook.made", webhook.url, session.get_one(Project, access.project_id))
    response.headers["ETag"] = etag(webhook.version)
    return WebhookMade.model_validate(webhook)


@router.get("/{webhook_id}", summary="One webhook")
def read_webhook(webhook_id: uuid.UUID, access: OwnerAccess, response: Response) -> WebhookOut:
    """The webhook. Its ETag is what a change must name."""
    with transaction() as session:
        webhook = register.find_webhook(session, access.project_id, webhook_id)
    response.headers["ETag"] = etag(webhook.version)
    return WebhookOut.model_validate(webhook)


@router.patch("/{webhook_id}", summary="Change or pause a webhook", responses=problems(412, 428))
def change_webhook(
    webhook_id: uuid.UUID, body: WebhookPatch, access: OwnerAccess, response: Response, if_match: IfMatch = None
) -> WebhookOut:
    """Change URL or events, pause or resume. While it is paused nothing is sent, and nothing new is put on its list."""
    with transaction() as session:
        webhook = register.change_webhook(session, access.project_id, webhook_id, if_match, body, get_settings())
        record(session, access.user, "webhook.changed", webhook.url, session.get_one(Project, access.project_id))
    response.headers["ETag"] = etag(webhook.version)
    return WebhookOut.model_validate(webhook)


@router.delete("/{webhook_id}", status_code=204, summary="Remove a webhook")
def delete_webhook(webhook_id: uuid.UUID, access: OwnerAccess) -> None:
    """Remove it with its delivery log; what waits is not sent any more."""
    with transaction() as session:
        webhook = register.find_webhook(session, access.project_id, webhook_id, lock=True)
        record(session, access.user, "webhook.removed", webhook.url, session.get_one(Project, access.project_id))
        session.delete(webhook)


@router.post("/{webhook_id}/secret", status_code=201, summary="Give a webhook a new secret", responses=problems(409))
@repeatable(shows_secret=True)
def rotate_webhook_secret(webhook_id: uuid.UUID, access: OwnerAccess) -> WebhookMade:
    """Every try from now on is signed with the new secret, which is shown this once; the old one is gone."""
    with transaction() as session:
        webhook = register.rotate_secret(session, access.project_id, webhook_id)
        record(session, access.user, "webhook.secret-renewed", webhook.url, session.get_one(Project, access.project_id))
    return WebhookMade.model_validate(webhook)


@router.post("/{webhook_id}/ping", status_code=202, summary="Send a test", responses=problems(409))
def ping_webhook(webhook_id: uuid.UUID, access: OwnerAccess) -> DeliveryOut:
    """Put an event `ping` on its list; the delivery log tells how it went."""
    with transaction() as session:
        webhook = register.find_webhook(session, access.project_id, webhook_id, lock=True)
        return _delivery_out(register.ping(session, webhook))


@router.get("/{webhook_id}/deliveries", summary="What was sent, newest first")
def read_webhook_deliveries(
    webhook_id: uuid.UUID, access: OwnerAccess, limit: PageLimit = 50, after: PageAfter = None
) -> Page[DeliveryOut]:
    """Every delivery with its tries and what came back; kept for 30 days after its end."""
    cursor = decode_cursor(after, int)
    with transaction() as session:
        webhook: Webhook = register.find_webhook(session, access.project_id, webhook_id)
        before_id = None if cursor is None else int(str(cursor[0]))
        rows = register.list_deliveries(session, webhook.id, limit + 1, before_id)
    return page_of(rows, limit, _delivery_out, lambda row: (row.id,))


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202, summary="Send again", responses=problems(409)
)
def redeliver_webhook(webhook_id: uuid.UUID, delivery_id: DeliveryId, access: OwnerAccess) -> DeliveryOut:
    """Send a delivery again from the beginning, under the same `webhook-id`."""
    with transaction() as session:
        webhook = register.find_webhook(session, access.project_id, webhook_id)
        return _delivery_out(register.redeliver(session, webhook, delivery_id))


def _delivery_out(row: WebhookDelivery) -> DeliveryOut:
    shown = DeliveryOut.model_validate(row)
    return shown if row.state == "waiting" else shown.model_copy(update={"next_try_at": None})
