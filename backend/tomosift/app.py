"""The application factory: wires rooms, error handling, security and the interface together. No rules live here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI
from pydantic import BaseModel

import tomosift
from tomosift.accounts.audit_endpoints import router as audit_router
from tomosift.accounts.endpoints import router as accounts_router
from tomosift.accounts.oidc_endpoints import router as oidc_router
from tomosift.accounts.session_endpoints import router as sessions_router
from tomosift.annotation.bulk_endpoints import router as bulk_router
from tomosift.annotation.endpoints import router as annotation_router
from tomosift.annotation.queue_endpoints import router as queue_router
from tomosift.cycles.due_cycles import EVERY_SECONDS, start_due_cycles
from tomosift.cycles.endpoints import router as cycles_router
from tomosift.cycles.model_endpoints import router as cycle_models_router
from tomosift.cycles.similar_endpoints import router as similar_router
from tomosift.cycles.trigger_endpoints import router as cycle_triggers_router
from tomosift.exports.endpoints import router as exports_router
from tomosift.kit.broker import get_celery
from tomosift.kit.event_stream import running_event_hub
from tomosift.kit.health import check_ready
from tomosift.kit.query_parameters import known_parameters_only
from tomosift.kit.relay import Chore, Relay, default_chores
from tomosift.kit.routing import ProblemApp, install_problem_handlers, operation_name, problems
from tomosift.kit.settings import get_settings
from tomosift.kit.static_interface import serve_interface
from tomosift.kit.web_security import WebSecurity
from tomosift.pool.class_sum_endpoints import router as class_sum_router
from tomosift.pool.demo_endpoints import router as demo_router
from tomosift.pool.denoised_endpoints import router as denoised_router
from tomosift.pool.endpoints import router as pool_router
from tomosift.pool.gallery_endpoints import router as gallery_router
from tomosift.pool.import_endpoints import router as imports_router
from tomosift.pool.label_endpoints import router as labels_router
from tomosift.pool.map_endpoints import router as map_router
from tomosift.pool.tomogram_endpoints import router as tomograms_router
from tomosift.pool.upload_endpoints import router as uploads_router
from tomosift.projects.audit_endpoints import router as project_audit_router
from tomosift.projects.class_endpoints import router as classes_router
from tomosift.projects.deletion import post_due_purges
from tomosift.projects.endpoints import router as projects_router
from tomosift.projects.invitation_endpoints import router as invitations_router
from tomosift.registry.endpoints import router as registry_router
from tomosift.review.endpoints import router as review_router
from tomosift.webhooks.endpoints import router as webhooks_router
from tomosift.webhooks.sender import WebhookSender

API_PREFIX = "/api/v1"
REQUEST_THREADS = 6
"""Requests that a process works on at once, each with a connection to the database. With more, threads take turns so
often that each decision costs a fifth more."""
# A request looks for its route in this order, so the busiest come first.
ROUTERS = (
    annotation_router,
    sessions_router,
    pool_router,
    projects_router,
    accounts_router,
    oidc_router,
    audit_router,
    invitations_router,
    demo_router,
    classes_router,
    project_audit_router,
    gallery_router,
    uploads_router,
    imports_router,
    labels_router,
    tomograms_router,
    class_sum_router,
    denoised_router,
    map_router,
    bulk_router,
    review_router,
    queue_router,
    cycles_router,
    cycle_models_router,
    cycle_triggers_router,
    similar_router,
    exports_router,
    registry_router,
    webhooks_router,
)


class Health(BaseModel):
    """An answer of the health checks."""

    status: str
    version: str


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The background work of one API process: the outbox's relay, the webhooks' sender, the hub of live events."""
    current_default_thread_limiter().total_tokens = REQUEST_THREADS
    chores = [
        *default_chores(),
        Chore("end deleted projects", 60.0, post_due_purges),
        Chore("start cycles that are due", EVERY_SECONDS, start_due_cycles),
    ]
    relay, sender = Relay(get_celery().send_task, chores), WebhookSender(get_settings())
    relay.start()
    sender.start()
    warming = asyncio.create_task(asyncio.to_thread(_make_routes, app))
    try:
        async with running_event_hub() as hub:
            app.state.event_hub = hub
            yield
    finally:
        await warming
        sender.stop()
        relay.stop()


def _make_routes(app: FastAPI) -> None:
    """FastAPI puts its routes together when they are first asked for, which takes a second: better now than then."""
    nowhere = {"type": "http", "method": "GET", "path": "/nowhere", "root_path": "", "query_string": b"", "headers": []}
    for route in app.router.routes:
        route.matches(dict(nowhere))


def create_app() -> FastAPI:
    """The service, on the process's settings."""
    app = ProblemApp(
        title="Tomosift",
        version=tomosift.__version__,
        summary="Sort cryo-electron-tomography subtomograms with a few hundred expert decisions.",
        license_info={"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,  # the stock pages load scripts from elsewhere, which the content policy forbids
        redoc_url=None,
        generate_unique_id_function=operation_name,
        lifespan=_lifespan,
    )
    app.add_middleware(WebSecurity, settings=get_settings())
    install_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router, prefix=API_PREFIX, dependencies=[Depends(known_parameters_only)])
    _add_health_checks(app)
    serve_interface(app)
    return app


def _add_health_checks(app: FastAPI) -> None:
    answer = Health(status="ok", version=tomosift.__version__)

    @app.get("/healthz", tags=["health"], summary="Is the process up")
    def read_health() -> Health:
        """Answers as long as the process does."""
        return answer

    @app.get("/readyz", tags=["health"], summary="Can it do its work", responses=problems(503))
    def read_readiness() -> Health:
        """The database answers, its schema is this program's, and the broker answers."""
        check_ready(get_celery())
        return answer
