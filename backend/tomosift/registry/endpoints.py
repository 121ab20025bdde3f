"""HTTP face of the registry: models, the workers' catalogue, the state of the system."""

import uuid

from fastapi import APIRouter

from tomosift.accounts.authentication import AdminUser, CurrentUser
from tomosift.kit.database import transaction
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, page_of
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.projects.access import ViewerAccess
from tomosift.registry import overview, system
from tomosift.registry.schemas import CatalogueOut, ModelOut
from tomosift.registry.system_schemas import SystemOut

router = APIRouter(tags=["registry"])


@router.get(
    "/projects/{slug}/models", summary="The project's models, newest first", responses=problems(401, 403, 404, 422)
)
def read_models(access: ViewerAccess, limit: PageLimit = 50, after: PageAfter = None) -> Page[ModelOut]:
    """One model a finished cycle."""
    cursor = decode_cursor(after, int)
    before = int(cursor[0]) if cursor and cursor[0] is not None else None
    with transaction() as session:
        models = overview.list_models(session, access.project_id, limit, before)
    return page_of(models, limit, lambda model: model, lambda model: (model.cycle_number,))


@router.get("/projects/{slug}/models/{model_id}", summary="One model", responses=problems(401, 403, 404, 422))
def read_model(model_id: uuid.UUID, access: ViewerAccess) -> ModelOut:
    """What it is, what its outputs mean, and which cycle made it."""
    with transaction() as session:
        return overview.read_model(session, access.project_id, model_id)


@router.get("/catalogue", summary="What the workers can do", responses=problems(401))
def read_catalogue(user: CurrentUser) -> CatalogueOut:
    """Acquisition functions, presets and the schema of a cycle's settings, as the newest worker announced them."""
    with transaction() as session:
        return overview.read_catalogue(session)


@router.get("/system", summary="The state of the service", responses=problems(401, 403))
def read_system(admin: AdminUser) -> SystemOut:
    """Workers with their devices and signs of life, jobs that wait or run, disk, database, broker (administrators)."""
    return system.read_system(get_settings())
