"""Routes of registry. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import UUID

from tomosift.client.calls import Call, segment
from tomosift.registry.schemas import CatalogueOut, ModelOut
from tomosift.registry.system_schemas import SystemOut

if TYPE_CHECKING:
    from tomosift.client.async_client import AsyncTomosift


class AsyncRegistryRoutes:
    """Routes of registry."""

    def __init__(self, client: "AsyncTomosift") -> None:
        self._client = client

    def read_models(self, slug: str, *, limit: int | None = None) -> AsyncIterator[ModelOut]:
        """The project's models, newest first: `GET /projects/{slug}/models`."""
        call = Call("GET", f"/projects/{segment(slug)}/models", query={"limit": limit})
        return self._client.pages(call, ModelOut)

    async def read_model(self, slug: str, model_id: UUID | str) -> ModelOut:
        """One model: `GET /projects/{slug}/models/{model_id}`."""
        call = Call("GET", f"/projects/{segment(slug)}/models/{segment(model_id)}")
        return await self._client.read(call, ModelOut)

    async def read_catalogue(self) -> CatalogueOut:
        """What the workers can do: `GET /catalogue`."""
        call = Call("GET", "/catalogue")
        return await self._client.read(call, CatalogueOut)

    async def read_system(self) -> SystemOut:
        """The state of the service: `GET /system`."""
        call = Call("GET", "/system")
        return await self._client.read(call, SystemOut)
