"""HTTP face of what starts cycles by itself."""

from fastapi import APIRouter

from tomosift.cycles.trigger_schemas import Triggers, TriggersIn
from tomosift.cycles.triggers import read_triggers, set_triggers
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.routing import problems
from tomosift.projects.access import CuratorAccess, ViewerAccess

router = APIRouter(prefix="/projects/{slug}", tags=["cycles"])


@router.get("/cycle-triggers", summary="What starts cycles by itself", responses=problems(401, 403, 404, 422))
def read_cycle_triggers(access: ViewerAccess) -> Triggers:
    """What is set, how many labels wait for a cycle, when the next night is, and whether a failed cycle paused it."""
    with transaction() as session:
        return read_triggers(session, access.project_id)


@router.put("/cycle-triggers", summary="Set what starts cycles by itself", responses=problems(401, 403, 404, 409, 422))
def set_cycle_triggers(body: TriggersIn, access: CuratorAccess) -> Triggers:
    """Replaces what was set, and takes a pause away. With neither labels nor a time nothing starts by itself."""
    with transaction() as session:
        set_triggers(session, access.project_id, access.user.id, body)
        record(session, access.user, "cycle-trigger.set", "what starts cycles", access, **body.model_dump())
        return read_triggers(session, access.project_id)
