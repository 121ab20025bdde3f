"""Routes of imports. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from typing import TYPE_CHECKING, Literal
from uuid import UUID

import httpx

from tomosift.client.calls import Call, Json, new_key, segment
from tomosift.pool.import_schemas import ImportPath, ImportPreview, ImportUpload
from tomosift.pool.schemas import JobOut

if TYPE_CHECKING:
    from tomosift.client.async_client import AsyncTomosift


class AsyncImportsRoutes:
    """Routes of imports."""

    def __init__(self, client: "AsyncTomosift") -> None:
        self._client = client

    async def create(self, slug: str, body: ImportPath | ImportUpload | Json, *, key: str | None = None) -> JobOut:
        """Import a particle list: `POST /projects/{slug}/imports`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/imports", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return await self._client.read(call, JobOut)

    async def create_preview(
        self, slug: str, body: ImportPath | ImportUpload | Json, *, key: str | None = None
    ) -> JobOut:
        """Look at a particle list first: `POST /projects/{slug}/imports/preview`."""
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/imports/preview",
            body=body,
            headers={"Idempotency-Key": key or new_key()},
        )
        return await self._client.read(call, JobOut)

    async def read_preview(self, slug: str, job_id: UUID | str) -> ImportPreview:
        """What a preview found: `GET /projects/{slug}/imports/previews/{job_id}`."""
        call = Call("GET", f"/projects/{segment(slug)}/imports/previews/{segment(job_id)}")
        return await self._client.read(call, ImportPreview)

    async def read_preview_sample(
        self, slug: str, job_id: UUID | str, number: int, *, format: Literal["uint8", "float16"] | None = None
    ) -> httpx.Response:
        """A sample volume of a preview: `GET /projects/{slug}/imports/previews/{job_id}/samples/{number}`."""
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/imports/previews/{segment(job_id)}/samples/{segment(number)}",
            query={"format": format},
        )
        return await self._client.send(call)
