"""Routes of cycles. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tomosift.client.calls import Call, Json, ServerEvent, new_key, segment
from tomosift.cycles.model_schemas import ChangedParticles, ClassChanges, Lineage, ServingModel, ServingModelIn
from tomosift.cycles.quality_schemas import LikelyLabelErrors, ModelView
from tomosift.cycles.schemas import CycleOut, CycleRequest, LearningCurve, SettingsCheck, SimilarParticles
from tomosift.cycles.trigger_schemas import Triggers, TriggersIn

if TYPE_CHECKING:
    from tomosift.client.sync_client import Tomosift


class CyclesRoutes:
    """Routes of cycles."""

    def __init__(self, client: "Tomosift") -> None:
        self._client = client

    def all(self, slug: str, *, limit: int | None = None) -> Iterator[CycleOut]:
        """The project's cycles, newest first: `GET /projects/{slug}/cycles`."""
        call = Call("GET", f"/projects/{segment(slug)}/cycles", query={"limit": limit})
        return self._client.pages(call, CycleOut)

    def create(self, slug: str, body: CycleRequest | Json, *, key: str | None = None) -> CycleOut:
        """Launch a cycle: `POST /projects/{slug}/cycles`."""
        call = Call(
            "POST", f"/projects/{segment(slug)}/cycles", body=body, headers={"Idempotency-Key": key or new_key()}
        )
        return self._client.read(call, CycleOut)

    def check_cycle_settings(self, slug: str, body: CycleRequest | Json) -> SettingsCheck:
        """Check settings before a launch: `POST /projects/{slug}/cycles/check`."""
        call = Call("POST", f"/projects/{segment(slug)}/cycles/check", body=body)
        return self._client.read(call, SettingsCheck)

    def read(self, slug: str, number: int) -> CycleOut:
        """One cycle: `GET /projects/{slug}/cycles/{number}`."""
        call = Call("GET", f"/projects/{segment(slug)}/cycles/{segment(number)}")
        return self._client.read(call, CycleOut)

    def read_likely_label_errors(self, slug: str, number: int) -> LikelyLabelErrors:
        """Training labels that are likely wrong: `GET /projects/{slug}/cycles/{number}/likely-label-errors`."""
        call = Call("GET", f"/projects/{segment(slug)}/cycles/{segment(number)}/likely-label-errors")
        return self._client.read(call, LikelyLabelErrors)

    def read_model_view(self, slug: str, subtomogram_id: int) -> ModelView:
        """What the newest model says of a subtomogram.

        `GET /projects/{slug}/subtomograms/{subtomogram_id}/model-view`.
        """
        call = Call("GET", f"/projects/{segment(slug)}/subtomograms/{segment(subtomogram_id)}/model-view")
        return self._client.read(call, ModelView)

    def cancel(self, slug: str, number: int) -> CycleOut:
        """Stop a cycle: `POST /projects/{slug}/cycles/{number}/cancel`."""
        call = Call("POST", f"/projects/{segment(slug)}/cycles/{segment(number)}/cancel")
        return self._client.read(call, CycleOut)

    def read_learning_curve(self, slug: str) -> LearningCurve:
        """Accuracy against labels: `GET /projects/{slug}/learning-curve`."""
        call = Call("GET", f"/projects/{segment(slug)}/learning-curve")
        return self._client.read(call, LearningCurve)

    def stream_project_events(self, slug: str) -> Iterator[ServerEvent]:
        """Live events (server-sent): `GET /projects/{slug}/events`."""
        call = Call("GET", f"/projects/{segment(slug)}/events")
        return self._client.events(call)

    def read_serving_model(self, slug: str) -> ServingModel:
        """Whose predictions count: `GET /projects/{slug}/serving-model`."""
        call = Call("GET", f"/projects/{segment(slug)}/serving-model")
        return self._client.read(call, ServingModel)

    def set_serving_model(self, slug: str, body: ServingModelIn | Json) -> ServingModel:
        """Go back to an earlier model, or forward: `PUT /projects/{slug}/serving-model`."""
        call = Call("PUT", f"/projects/{segment(slug)}/serving-model", body=body)
        return self._client.read(call, ServingModel)

    def read_cycle_lineage(self, slug: str, number: int) -> Lineage:
        """What made a cycle's results: `GET /projects/{slug}/cycles/{number}/lineage`."""
        call = Call("GET", f"/projects/{segment(slug)}/cycles/{segment(number)}/lineage")
        return self._client.read(call, Lineage)

    def read_class_changes(self, slug: str, number: int, *, since: int | None = None) -> ClassChanges:
        """What two models say differently: `GET /projects/{slug}/cycles/{number}/class-changes`."""
        call = Call("GET", f"/projects/{segment(slug)}/cycles/{segment(number)}/class-changes", query={"since": since})
        return self._client.read(call, ClassChanges)

    def read_changed_particles(
        self, slug: str, number: int, *, since: int | None = None, was: str | None = None, now: str | None = None
    ) -> ChangedParticles:
        """The particles of one change of class.

        `GET /projects/{slug}/cycles/{number}/class-changes/particles`.
        """
        call = Call(
            "GET",
            f"/projects/{segment(slug)}/cycles/{segment(number)}/class-changes/particles",
            query={"since": since, "was": was, "now": now},
        )
        return self._client.read(call, ChangedParticles)

    def read_cycle_triggers(self, slug: str) -> Triggers:
        """What starts cycles by itself: `GET /projects/{slug}/cycle-triggers`."""
        call = Call("GET", f"/projects/{segment(slug)}/cycle-triggers")
        return self._client.read(call, Triggers)

    def set_cycle_triggers(self, slug: str, body: TriggersIn | Json) -> Triggers:
        """Set what starts cycles by itself: `PUT /projects/{slug}/cycle-triggers`."""
        call = Call("PUT", f"/projects/{segment(slug)}/cycle-triggers", body=body)
        return self._client.read(call, Triggers)

    def read_similar(self, slug: str, subtomogram_id: int, *, limit: int | None = None) -> SimilarParticles:
        """Particles that look like this one: `GET /projects/{slug}/subtomograms/{subtomogram_id}/similar`."""
        call = Call(
            "GET", f"/projects/{segment(slug)}/subtomograms/{segment(subtomogram_id)}/similar", query={"limit": limit}
        )
        return self._client.read(call, SimilarParticles)
