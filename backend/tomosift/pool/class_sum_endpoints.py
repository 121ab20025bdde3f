"""HTTP face of class sums."""

import uuid

from fastapi import APIRouter, Response

from tomosift.kit.database import transaction
from tomosift.kit.routing import problems
from tomosift.pool.class_sum import class_members, sum_of
from tomosift.pool.volume_answer import VOLUME_ANSWER, VolumeFormat, volume_response
from tomosift.projects.access import ViewerAccess

router = APIRouter(prefix="/projects/{slug}/classes/{class_id}", tags=["pool"])

KEPT = "private, max-age=300"


@router.get(
    "/sum",
    summary="What a class looks like",
    response_class=Response,
    responses={**VOLUME_ANSWER, **problems(401, 404, 422)},
)
def read_class_sum(class_id: uuid.UUID, access: ViewerAccess, format: VolumeFormat = "uint8") -> Response:
    """The mean of up to 64 labeled particles, as they lie: none is turned onto another. `X-Particles` says how many."""
    with transaction() as session:
        members = class_members(session, access.project_id, class_id)
    answer = volume_response(sum_of(members), format, KEPT)
    answer.headers["X-Particles"] = str(len(members))
    return answer
