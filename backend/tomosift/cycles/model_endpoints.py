"""HTTP face of what is done with models: which one serves, where one comes from, what two say differently."""

from typing import Annotated

from fastapi import APIRouter, Query

from tomosift.cycles.class_changes import begin_comparison, changed_particles, class_changes
from tomosift.cycles.endpoints import CycleNumber
from tomosift.cycles.lineage import read_lineage
from tomosift.cycles.model_schemas import ChangedParticles, ClassChanges, Lineage, ServingModel, ServingModelIn
from tomosift.cycles.serving import choose_model, read_serving
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.projects.access import CuratorAccess, ViewerAccess

router = APIRouter(prefix="/projects/{slug}", tags=["cycles"])

Since = Annotated[int, Query(ge=1, lt=2**31, description="The other cycle, whose model is the one before.")]
SaidClass = Annotated[str, Query(max_length=64, description="A class's id, or `junk`.")]


@router.get("/serving-model", summary="Whose predictions count", responses=problems(401, 403, 404, 422))
def read_serving_model(access: ViewerAccess) -> ServingModel:
    """The cycle whose model serves: the newest one's, or that of the earlier cycle somebody went back to."""
    with transaction() as session:
        return read_serving(session, access.project_id)


@router.put(
    "/serving-model", summary="Go back to an earlier model, or forward", responses=problems(401, 403, 404, 409, 422)
)
def set_serving_model(body: ServingModelIn, access: CuratorAccess) -> ServingModel:
    """From now on predictions, suggestions, exports and the next cycle's start are those of this cycle's model.

    Nothing is lost: choose another one at any time. A cycle that becomes ready later serves by itself.
    """
    with transaction() as session:
        before = choose_model(session, access.project_id, access.user.id, body.cycle)
        record(session, access.user, "model.chosen", f"cycle {body.cycle}", access, before=before)
        return read_serving(session, access.project_id)


@router.get("/cycles/{number}/lineage", summary="What made a cycle's results", responses=problems(401, 403, 404, 422))
def read_cycle_lineage(number: CycleNumber, access: ViewerAccess) -> Lineage:
    """Labels, lists, settings, code and the cycles before, with checksums."""
    with transaction() as session:
        return read_lineage(session, access.project_id, access.slug, number)


@router.get(
    "/cycles/{number}/class-changes",
    summary="What two models say differently",
    responses=problems(401, 403, 404, 409, 422),
)
def read_class_changes(number: CycleNumber, since: Since, access: CuratorAccess) -> ClassChanges:
    """How many particles went from which class to which, from the cycle `since` to this one."""
    with transaction() as session:
        comparison = begin_comparison(session, access.project_id, since, number)
    return class_changes(_store(), comparison)


@router.get(
    "/cycles/{number}/class-changes/particles",
    summary="The particles of one change of class",
    responses=problems(401, 403, 404, 409, 422),
)
def read_changed_particles(
    number: CycleNumber, since: Since, was: SaidClass, now: SaidClass, access: CuratorAccess
) -> ChangedParticles:
    """Those that the model of `since` calls `was`, and the one of this cycle `now`."""
    with transaction() as session:
        comparison = begin_comparison(session, access.project_id, since, number)
    return changed_particles(_store(), comparison, was, now)


def _store() -> ArtifactStore:
    return ArtifactStore(get_settings().effective_store_url)
