"""Routes of cycles. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from tomosift.client.calls import Call, Json, ServerEvent, new_key, segment
from tomosift.cycles.quality_schemas import LikelyLabelErrors, ModelView
from tomosift.cycles.schemas import CycleOut, CycleRequest, LearningCurve, SimilarParticles

if TYPE_CHECKING:
    from tomosift.client.async_client import AsyncTomosift


class AsyncCyclesRoutes:
    """Routes of cycles."""

    def __init__(self, client: "AsyncTomosift") -> None:
        self._client = client

    def all(self, slug: str, *, limit: int | None = None) -> AsyncIterator[CycleOut]:
        """The project's cycles, newest first: `GET /projects/{slug}/cycles`."""
        call = Call("GET", f"/projects/{segment(slug)}/cycles", query={"limit": limit})
        return self._client.pages(call, CycleOut)

    async def create(self, slug: str, body: CycleRequest | Json, *, key: str | None = None) -> CycleOut:
        """Launch a cycle: `POST /projects/{slug}/cycles`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/cycles", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return await self._client.read(call, CycleOut)

    async def read(self, slug: str, number: int) -> CycleOut:
        """One cycle: `GET /projects/{slug}/cycles/{number}`."""
        call = Call("GET", f"/projects/{segment(slug)}/cycles/{segment(number)}")
        return await self._client.read(call, CycleOut)

    async def read_likely_label_errors(self, slug: str, number: int) -> LikelyLabelErrors:
        """Training labels that are likely wrong: `GET /projects/{slug}/cycles/{number}/likely-label-errors`."""
        call = Call("GET", f"/projects/{segment(slug)}/cycles/{segment(number)}/likely-label-errors")
        return await self._client.read(call, LikelyLabelErrors)

    async def read_model_view(self, slug: str, subtomogram_id: int) -> ModelView:
        """What the newest model says of a subtomogram.

        `GET /projects/{slug}/subtomograms/{subtomogram_id}/model-view`.
        """
        call = Call("GET", f"/projects/{segment(slug)}/subtomograms/{segment(subtomogram_id)}/model-view")
        return await self._client.read(call, ModelView)

    async def cancel(self, slug: str, number: int) -> CycleOut:
        """Stop a cycle: `POST /projects/{slug}/cycles/{number}/cancel`."""
        call = Call("POST", f"/projects/{segment(slug)}/cycles/{segment(number)}/cancel")
        return await self._client.read(call, CycleOut)

    async def read_learning_curve(self, slug: str) -> LearningCurve:
        """Accuracy against labels: `GET /projects/{slug}/learning-curve`."""
        call = Call("GET", f"/projects/{segment(slug)}/learning-curve")
        return await self._client.read(call, LearningCurve)

    def stream_project_events(self, slug: str) -> AsyncIterator[ServerEvent]:
        """Live events (server-sent): `GET /projects/{slug}/events`."""
        call = Call("GET", f"/projects/{segment(slug)}/events")
        return self._client.events(call)

    async def read_similar(self, slug: str, subtomogram_id: int, *, limit: int | None = None) -> SimilarParticles:
        """Particles that look like this one: `GET /projects/{slug}/subtomograms/{subtomogram_id}/similar`."""
        call = Call(
            "GET", f"/projects/{segment(slug)}/subtomograms/{segment(subtomogram_id)}/similar", query={"limit": limit}
        )
        return await self._client.read(call, SimilarParticles)
