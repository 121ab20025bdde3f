"""Routes of audit. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import httpx

from tomosift.accounts.audit_schemas import AuditEventOut
from tomosift.client.calls import Call, segment

if TYPE_CHECKING:
    from tomosift.client.async_client import AsyncTomosift


class AsyncAuditRoutes:
    """Routes of audit."""

    def __init__(self, client: "AsyncTomosift") -> None:
        self._client = client

    def read_audit_log(
        self,
        *,
        limit: int | None = None,
        actor: str | None = None,
        action: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> AsyncIterator[AuditEventOut]:
        """The audit log: `GET /audit`."""
        call = Call(
            "GET", "/audit", query={"limit": limit, "actor": actor, "action": action, "since": since, "until": until}
        )
        return self._client.pages(call, AuditEventOut)

    async def read_audit_file(
        self,
        *,
        format: Literal["ndjson", "csv"] | None = None,
        actor: str | None = None,
        action: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> httpx.Response:
        """The audit log as a file: `GET /audit/file`."""
        call = Call(
            "GET",
            "/audit/file",
            query={"format": format, "actor": actor, "action": action, "since": since, "until": until},
        )
        return await self._client.send(call)

    def read_project_audit_log(
        self,
        slug: str,
        *,
        limit: int | None = None,
        actor: str | None = None,
        action: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> AsyncIterator[AuditEventOut]:
        """The project's audit log: `GET /projects/{slug}/audit`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/audit",
            query={"limit": limit, "actor": actor, "action": action, "since": since, "until": until},
        )
        return self._client.pages(call, AuditEventOut)

    async def read_project_audit_file(
        self,
        slug: str,
        *,
        format: Literal["ndjson", "csv"] | None = None,
        actor: str | None = None,
        action: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
    ) -> httpx.Response:
        """The project's audit log as a file: `GET /projects/{slug}/audit/file`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/audit/file",
            query={"format": format, "actor": actor, "action": action, "since": since, "until": until},
        )
        return await self._client.send(call)
