"""HTTP face of the cycles room: launch, follow, cancel; the learning curve; live events."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials
from fastapi.security.utils import get_authorization_scheme_param

from tomosift.accounts.authentication import SESSION_COOKIE, current_user
from tomosift.accounts.repeatable import repeatable
from tomosift.cycles.launch import Launcher, cancel_cycle, check_launch, launch_cycle
from tomosift.cycles.model_view import model_view
from tomosift.cycles.overview import learning_curve, list_cycles, read_cycle
from tomosift.cycles.quality import likely_label_errors
from tomosift.cycles.quality_schemas import LikelyLabelErrors, ModelView
from tomosift.cycles.schemas import CycleOut, CycleRequest, LearningCurve, SettingsCheck
from tomosift.cycles.suggestion_rule import check_suggestion_may_be_seen
from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.event_stream import EventHub, stream_events
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, page_of
from tomosift.kit.problems import ProblemError
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.projects.access import AnnotatorAccess, CuratorAccess, RequireRole, Role, ViewerAccess

router = APIRouter(prefix="/projects/{slug}", tags=["cycles"])

CycleNumber = Annotated[int, Path(ge=1, lt=2**31, description="The cycle's number in its project, from 1.")]
SubtomogramId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/cycles", summary="The project's cycles, newest first", responses=problems(401, 403, 404, 422))
def read_cycles(access: ViewerAccess, limit: PageLimit = 50, after: PageAfter = None) -> Page[CycleOut]:
    """Every cycle with its stage, its settings and its numbers; logs are with the single cycle."""
    cursor = decode_cursor(after, int)
    before = int(cursor[0]) if cursor and cursor[0] is not None else None
    with transaction() as session:
        cycles = list_cycles(session, access.project_id, limit, before)
    return page_of(cycles, limit, lambda cycle: cycle, lambda cycle: (cycle.number,))


@router.post("/cycles", status_code=202, summary="Launch a cycle", responses=problems(401, 403, 404, 409, 422))
@repeatable()
def create_cycle(body: CycleRequest, access: CuratorAccess) -> CycleOut:
    """Train on the labels as they are now, measure, score the pool, and choose the next batch.

    Labeling goes on meanwhile. One cycle runs at a time in a project. Without a worker the cycle waits, and `warning`
    says so.
    """
    launcher = Launcher.person(access.user.id, access.user.display_name)
    with transaction() as session:
        cycle = launch_cycle(session, access.project_id, launcher, body.settings)
        record(session, access.user, "cycle.launched", f"cycle {cycle.number}", access, settings=body.settings)
        return read_cycle(session, access.project_id, cycle.number)


@router.post("/cycles/check", summary="Check settings before a launch", responses=problems(401, 403, 404, 422))
def check_cycle_settings(body: CycleRequest, access: CuratorAccess) -> SettingsCheck:
    """The complete settings, or each one that is wrong and why. Launches nothing."""
    with transaction() as session:
        settings, errors = check_launch(session, access.project_id, body.settings)
    return SettingsCheck.model_validate({"settings": settings, "errors": errors})


@router.get("/cycles/{number}", summary="One cycle", responses=problems(401, 403, 404, 422))
def read_one_cycle(number: CycleNumber, access: ViewerAccess) -> CycleOut:
    """Stage, progress with rate and remaining time, log, and the numbers when they are there."""
    with transaction() as session:
        return read_cycle(session, access.project_id, number)


@router.get(
    "/cycles/{number}/likely-label-errors",
    summary="Training labels that are likely wrong",
    responses=problems(401, 403, 404, 422),
)
def read_likely_label_errors(number: CycleNumber, access: CuratorAccess) -> LikelyLabelErrors:
    """Labels that classifiers fitted without them contradict, the likeliest first. Ask about them in the queue."""
    with transaction() as session:
        return likely_label_errors(session, access.project_id, access.slug, number)


@router.get(
    "/subtomograms/{subtomogram_id}/model-view",
    summary="What the newest model says of a subtomogram",
    responses=problems(401, 403, 404, 409, 422),
)
def read_model_view(subtomogram_id: SubtomogramId, access: AnnotatorAccess) -> ModelView:
    """Its class, how sure the model is of it and of the others, and how unlike all classes it is.

    Shown when the project's setting `suggestions` says so. Never of the evaluation sample, nor of what you are still
    asked about without hints.
    """
    store = ArtifactStore(get_settings().effective_store_url)
    with transaction() as session:
        check_suggestion_may_be_seen(session, access.project_id, access.user.id, subtomogram_id)
        return model_view(session, store, access.project_id, subtomogram_id)


@router.post(
    "/cycles/{number}/cancel",
    status_code=202,
    summary="Stop a cycle",
    responses=problems(401, 403, 404, 409, 422),
)
def stop_cycle(number: CycleNumber, access: CuratorAccess) -> CycleOut:
    """Ask the worker to stop; it does within seconds. The queue keeps what it has."""
    with transaction() as session:
        cancel_cycle(session, access.project_id, number)
        record(session, access.user, "cycle.cancelled", f"cycle {number}", access)
        return read_cycle(session, access.project_id, number)


@router.get("/learning-curve", summary="Accuracy against labels", responses=problems(401, 403, 404, 422))
def read_learning_curve(access: ViewerAccess) -> LearningCurve:
    """One point a finished cycle, measured on the report half of the evaluation sample."""
    with transaction() as session:
        return learning_curve(session, access.project_id)


@router.get(
    "/events",
    summary="Live events (server-sent)",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `hello` (connected: read the state now), `job`, `cycle`, `queue`, `decision`; "
            "a comment every 15 seconds keeps the connection open.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **problems(401, 403, 404, 422),
    },
)
async def stream_project_events(request: Request, access: ViewerAccess) -> StreamingResponse:
    """Follow a project: job progress, stages of cycles, new items in the queue, decisions."""
    hub: EventHub = request.app.state.event_hub
    scheme, credentials = get_authorization_scheme_param(request.headers.get("Authorization"))
    bearer = HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials) if credentials else None

    def still_allowed() -> bool:
        try:
            user = current_user(request, request.cookies.get(SESSION_COOKIE), bearer)
            RequireRole(Role.VIEWER).judge(request.method, user)
        except ProblemError:
            return False
        return True

    return StreamingResponse(
        stream_events(hub, access.project_id, still_allowed),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
