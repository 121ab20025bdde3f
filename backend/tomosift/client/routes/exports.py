"""Routes of exports. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

import httpx

from tomosift.client.calls import Call, Json, new_key, segment
from tomosift.exports.schemas import Choice, ExportDetail, ExportIn, ExportOut, ExportPreview, Purity, WritableFormat

if TYPE_CHECKING:
    from tomosift.client.sync_client import Tomosift


class ExportsRoutes:
    """Routes of exports."""

    def __init__(self, client: "Tomosift") -> None:
        self._client = client

    def read_export_formats(self, slug: str) -> list[WritableFormat]:
        """Formats a list can be written in: `GET /projects/{slug}/exports/formats`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/formats")
        return self._client.read_list(call, WritableFormat)

    def preview(self, slug: str, body: Choice | Json) -> ExportPreview:
        """What an export would hold: `POST /projects/{slug}/exports/preview`."""
        call = Call("POST", f"/projects/{segment(slug)}/exports/preview", body=body)
        return self._client.read(call, ExportPreview)

    def read_purity(self, slug: str, *, cycle: int | None = None) -> Purity:
        """Expected purity by confidence: `GET /projects/{slug}/exports/purity`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/purity", query={"cycle": cycle})
        return self._client.read(call, Purity)

    def create(self, slug: str, body: ExportIn | Json, *, key: str | None = None) -> ExportOut:
        """Export particles: `POST /projects/{slug}/exports`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/exports", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return self._client.read(call, ExportOut)

    def all(self, slug: str, *, limit: int | None = None) -> Iterator[ExportOut]:
        """Exports: `GET /projects/{slug}/exports`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports", query={"limit": limit})
        return self._client.pages(call, ExportOut)

    def read(self, slug: str, job_id: UUID | str) -> ExportDetail:
        """One export: `GET /projects/{slug}/exports/{job_id}`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/{segment(job_id)}")
        return self._client.read(call, ExportDetail)

    def read_export_file(self, slug: str, job_id: UUID | str, path: str) -> httpx.Response:
        """A file of an export: `GET /projects/{slug}/exports/{job_id}/files/{path}`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/{segment(job_id)}/files/{quote(path)}")
        return self._client.send(call)

    def read_export_archive(self, slug: str, job_id: UUID | str) -> httpx.Response:
        """An export as one archive: `GET /projects/{slug}/exports/{job_id}/archive`."""
        call = Call("GET", f"/projects/{segment(slug)}/exports/{segment(job_id)}/archive")
        return self._client.send(call)
