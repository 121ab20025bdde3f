"""Routes of webhooks. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from tomosift.client.calls import Call, Json, new_key, segment, version_tag
from tomosift.webhooks.schemas import DeliveryOut, WebhookIn, WebhookMade, WebhookOut, WebhookPatch

if TYPE_CHECKING:
    from tomosift.client.sync_client import Tomosift


class WebhooksRoutes:
    """Routes of webhooks."""

    def __init__(self, client: "Tomosift") -> None:
        self._client = client

    def all(self, slug: str, *, limit: int | None = None) -> Iterator[WebhookOut]:
        """Webhooks of a project: `GET /projects/{slug}/webhooks`."""
        call = Call("GET", f"/projects/{segment(slug)}/webhooks", query={"limit": limit})
        return self._client.pages(call, WebhookOut)

    def create(self, slug: str, body: WebhookIn | Json, *, key: str | None = None) -> WebhookMade:
        """Make a webhook: `POST /projects/{slug}/webhooks`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/webhooks", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return self._client.read(call, WebhookMade)

    def read(self, slug: str, webhook_id: UUID | str) -> WebhookOut:
        """One webhook: `GET /projects/{slug}/webhooks/{webhook_id}`."""
        call = Call("GET", f"/projects/{segment(slug)}/webhooks/{segment(webhook_id)}")
        return self._client.read(call, WebhookOut)

    def change(self, slug: str, webhook_id: UUID | str, body: WebhookPatch | Json, *, version: int | str) -> WebhookOut:
        """Change or pause a webhook: `PATCH /projects/{slug}/webhooks/{webhook_id}`."""
        call = Call(
            "PATCH",
            f"/projects/{segment(slug)}/webhooks/{segment(webhook_id)}",
            body=body,
            headers={"If-Match": version_tag(version)},
        )
        return self._client.read(call, WebhookOut)

    def delete(self, slug: str, webhook_id: UUID | str) -> None:
        """Remove a webhook: `DELETE /projects/{slug}/webhooks/{webhook_id}`."""
        call = Call("DELETE", f"/projects/{segment(slug)}/webhooks/{segment(webhook_id)}")
        self._client.send(call)

    def rotate_webhook_secret(self, slug: str, webhook_id: UUID | str, *, key: str | None = None) -> WebhookMade:
        """Give a webhook a new secret: `POST /projects/{slug}/webhooks/{webhook_id}/secret`."""
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/webhooks/{segment(webhook_id)}/secret",
            headers={"Idempotency-Key": key or new_key()},
        )
        return self._client.read(call, WebhookMade)

    def ping(self, slug: str, webhook_id: UUID | str) -> DeliveryOut:
        """Send a test: `POST /projects/{slug}/webhooks/{webhook_id}/ping`."""
        call = Call("POST", f"/projects/{segment(slug)}/webhooks/{segment(webhook_id)}/ping")
        return self._client.read(call, DeliveryOut)

    def read_webhook_deliveries(
        self, slug: str, webhook_id: UUID | str, *, limit: int | None = None
    ) -> Iterator[DeliveryOut]:
        """What was sent, newest first: `GET /projects/{slug}/webhooks/{webhook_id}/deliveries`."""
        call = Call(
            "GET", f"/projects/{segment(slug)}/webhooks/{segment(webhook_id)}/deliveries", query={"limit": limit}
        )
        return self._client.pages(call, DeliveryOut)

    def redeliver(self, slug: str, webhook_id: UUID | str, delivery_id: int) -> DeliveryOut:
        """Send again: `POST /projects/{slug}/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver`."""
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/webhooks/{segment(webhook_id)}/deliveries/{segment(delivery_id)}/redeliver",
        )
        return self._client.read(call, DeliveryOut)
