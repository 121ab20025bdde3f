"""Routes of annotation. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import UUID

from tomosift.annotation.bulk_schemas import BulkDecisionIn, BulkDecisionOut, BulkUndoOut
from tomosift.annotation.queue_schemas import (
    CancelIn,
    ChangedOut,
    HeartbeatsIn,
    HeartbeatsOut,
    HeldItem,
    PriorityIn,
    QuestionsIn,
    QuestionsOut,
    QueueOut,
)
from tomosift.annotation.schemas import (
    ClaimRequest,
    ClaimResponse,
    DecisionEventOut,
    DecisionIn,
    DecisionOut,
    HeartbeatOut,
    MoreTasksOut,
    ProgressOut,
    UndoOut,
)
from tomosift.client.calls import Call, Json, new_key, segment

if TYPE_CHECKING:
    from tomosift.client.async_client import AsyncTomosift


class AsyncAnnotationRoutes:
    """Routes of annotation."""

    def __init__(self, client: "AsyncTomosift") -> None:
        self._client = client

    async def claim_next_tasks(self, slug: str, body: ClaimRequest | Json) -> ClaimResponse:
        """Reserve the next items to label: `POST /projects/{slug}/tasks/claim`."""
        call = Call("POST", f"/projects/{segment(slug)}/tasks/claim", body=body)
        return await self._client.read(call, ClaimResponse)

    async def add_tasks(self, slug: str) -> MoreTasksOut:
        """Queue further random items: `POST /projects/{slug}/tasks/more`."""
        call = Call("POST", f"/projects/{segment(slug)}/tasks/more")
        return await self._client.read(call, MoreTasksOut)

    async def create_decision(self, slug: str, body: DecisionIn | Json, *, key: str | None = None) -> DecisionOut:
        """Decide one subtomogram: `POST /projects/{slug}/decisions`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/decisions", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return await self._client.read(call, DecisionOut)

    async def take_back_decision(self, slug: str, event_id: int, *, key: str | None = None) -> UndoOut:
        """Take back your own decision: `POST /projects/{slug}/decisions/{event_id}/undo`."""
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/decisions/{segment(event_id)}/undo",
            headers={"Idempotency-Key": key or new_key()},
        )
        return await self._client.read(call, UndoOut)

    def read_decisions(
        self, slug: str, *, limit: int | None = None, mine: bool | None = None
    ) -> AsyncIterator[DecisionEventOut]:
        """The history of decisions: `GET /projects/{slug}/decisions`."""
        call = Call("GET", f"/projects/{segment(slug)}/decisions", query={"limit": limit, "mine": mine})
        return self._client.pages(call, DecisionEventOut)

    async def read_progress(self, slug: str) -> ProgressOut:
        """How far the project is: `GET /projects/{slug}/progress`."""
        call = Call("GET", f"/projects/{segment(slug)}/progress")
        return await self._client.read(call, ProgressOut)

    async def create_bulk_decision(
        self, slug: str, body: BulkDecisionIn | Json, *, key: str | None = None
    ) -> BulkDecisionOut:
        """Decide many subtomograms at once: `POST /projects/{slug}/decisions/bulk`."""
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/decisions/bulk",
            body=body,
            headers={"Idempotency-Key": key or new_key()},
        )
        return await self._client.read(call, BulkDecisionOut)

    async def take_back_bulk_decision(self, slug: str, bulk_id: UUID | str, *, key: str | None = None) -> BulkUndoOut:
        """Take a bulk decision back: `POST /projects/{slug}/decisions/bulk/{bulk_id}/undo`."""
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/decisions/bulk/{segment(bulk_id)}/undo",
            headers={"Idempotency-Key": key or new_key()},
        )
        return await self._client.read(call, BulkUndoOut)

    async def keep_leases(self, slug: str, body: HeartbeatsIn | Json) -> HeartbeatsOut:
        """Keep several items reserved: `POST /projects/{slug}/leases/heartbeat`."""
        call = Call("POST", f"/projects/{segment(slug)}/leases/heartbeat", body=body)
        return await self._client.read(call, HeartbeatsOut)

    async def keep_lease(self, slug: str, lease_id: int) -> HeartbeatOut:
        """Keep an item reserved: `POST /projects/{slug}/leases/{lease_id}/heartbeat`."""
        call = Call("POST", f"/projects/{segment(slug)}/leases/{segment(lease_id)}/heartbeat")
        return await self._client.read(call, HeartbeatOut)

    async def give_back_lease(self, slug: str, lease_id: int) -> None:
        """Give an item back: `DELETE /projects/{slug}/leases/{lease_id}`."""
        call = Call("DELETE", f"/projects/{segment(slug)}/leases/{segment(lease_id)}")
        await self._client.send(call)

    def read_leases(self, slug: str, *, limit: int | None = None) -> AsyncIterator[HeldItem]:
        """Who holds what: `GET /projects/{slug}/leases`."""
        call = Call("GET", f"/projects/{segment(slug)}/leases", query={"limit": limit})
        return self._client.pages(call, HeldItem)

    async def read_queue(self, slug: str) -> QueueOut:
        """The queue as a whole: `GET /projects/{slug}/queue`."""
        call = Call("GET", f"/projects/{segment(slug)}/queue")
        return await self._client.read(call, QueueOut)

    async def pause_queue(self, slug: str) -> None:
        """Pause the queue: `POST /projects/{slug}/queue/pause`."""
        call = Call("POST", f"/projects/{segment(slug)}/queue/pause")
        await self._client.send(call)

    async def resume_queue(self, slug: str) -> None:
        """Resume the queue: `POST /projects/{slug}/queue/resume`."""
        call = Call("POST", f"/projects/{segment(slug)}/queue/resume")
        await self._client.send(call)

    async def ask_again(self, slug: str, body: QuestionsIn | Json) -> QuestionsOut:
        """Ask about items again: `POST /projects/{slug}/queue/questions`."""
        call = Call("POST", f"/projects/{segment(slug)}/queue/questions", body=body)
        return await self._client.read(call, QuestionsOut)

    async def set_priority(self, slug: str, body: PriorityIn | Json) -> ChangedOut:
        """Change what comes first: `POST /projects/{slug}/queue/priority`."""
        call = Call("POST", f"/projects/{segment(slug)}/queue/priority", body=body)
        return await self._client.read(call, ChangedOut)

    async def cancel_questions(self, slug: str, body: CancelIn | Json) -> ChangedOut:
        """Take questions out of the queue: `POST /projects/{slug}/queue/cancel`."""
        call = Call("POST", f"/projects/{segment(slug)}/queue/cancel", body=body)
        return await self._client.read(call, ChangedOut)
