"""Routes of exports. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

import httpx

from tomosift.client.calls import Call, Json, new_key, segment
from tomosift.exports.schemas import Choice, ExportDetail, ExportIn, ExportOut, ExportPreview, Purity, WritableFormat

if TYPE_CHECKING:
    from tomosift.client.async_client import AsyncTomosift


class AsyncExportsRoutes:
    """Routes of exports."""

    def __init__(self, client: "AsyncTomosift") -> None:
        self._client = client

    async def read_export_formats(self, slug: str) -> list[WritableFormat]:
        """Formats a list can be written in: `GET /projects/{slug}/exports/formats`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/formats")
        return await self._client.read_list(call, WritableFormat)

    async def preview(self, slug: str, body: Choice | Json) -> ExportPreview:
        """What an export would hold: `POST /projects/{slug}/exports/preview`."""
        call = Call("POST", f"/projects/{segment(slug)}/exports/preview", body=body)
        return await self._client.read(call, ExportPreview)

    async def read_purity(self, slug: str, *, cycle: int | None = None) -> Purity:
        """Expected purity by confidence: `GET /projects/{slug}/exports/purity`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/purity", query={"cycle": cycle})
        return await self._client.read(call, Purity)

    async def create(self, slug: str, body: ExportIn | Json, *, key: str | None = None) -> ExportOut:
        """Export particles: `POST /projects/{slug}/exports`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/exports", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return await self._client.read(call, ExportOut)

    def all(self, slug: str, *, limit: int | None = None) -> AsyncIterator[ExportOut]:
        """Exports: `GET /projects/{slug}/exports`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports", query={"limit": limit})
        return self._client.pages(call, ExportOut)

    async def read(self, slug: str, job_id: UUID | str) -> ExportDetail:
        """One export: `GET /projects/{slug}/exports/{job_id}`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/{segment(job_id)}")
        return await self._client.read(call, ExportDetail)

    async def read_export_file(self, slug: str, job_id: UUID | str, path: str) -> httpx.Response:
        """A file of an export: `GET /projects/{slug}/exports/{job_id}/files/{path}`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/{segment(job_id)}/files/{quote(path)}")
        return await self._client.send(call)

    async def read_export_archive(self, slug: str, job_id: UUID | str) -> httpx.Response:
        """An export as one archive: `GET /projects/{slug}/exports/{job_id}/archive`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/{segment(job_id)}/archive")
        return await self._client.send(call)
