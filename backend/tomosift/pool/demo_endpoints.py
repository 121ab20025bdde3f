"""HTTP face of the demo project."""

from fastapi import APIRouter

from tomosift.accounts.authentication import AdminUser
from tomosift.accounts.repeatable import repeatable
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.routing import problems
from tomosift.pool.demo_project import DEMO_SLUG, request_demo
from tomosift.pool.job_views import job_out
from tomosift.pool.schemas import DemoOut
from tomosift.tables import Project

router = APIRouter(tags=["projects"])


@router.post("/demo-project", status_code=202, summary="Make the demo project", responses=problems(401, 403, 409, 422))
@repeatable()
def create_demo_project(admin: AdminUser) -> DemoOut:
    """Make the project `demo` and start the job that fills it: 600 simulated cubes (administrators)."""
    with transaction() as session:
        job = request_demo(session, admin.id)
        record(session, admin, "project.made", DEMO_SLUG, session.get_one(Project, job.project_id))
    return DemoOut(slug=DEMO_SLUG, job=job_out(job))
