"""HTTP face of the map of the pool."""

from fastapi import APIRouter, Response
from safetensors.numpy import save

from tomosift.kit.artifacts import ArtifactMissing, ArtifactUnreadable
from tomosift.kit.database import transaction
from tomosift.kit.problems import conflict
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.pool.map_places import open_map
from tomosift.pool.particle_map import describe_map, plan_map
from tomosift.projects.access import ViewerAccess
from tomosift.projects.shown_labels import reader_of

router = APIRouter(prefix="/projects/{slug}", tags=["pool"])


@router.get(
    "/map",
    summary="The pool as a map",
    response_class=Response,
    responses={
        200: {
            "description": "A safetensors file: `item_ids` int64, `points` float32 (n, 2), `label` and `prediction` "
            "int16 (-1: none), `confidence` uint8 in per cent (255: unknown), `cycle` int32 that picked it (0: none), "
            "`tomogram` int32 (-1: unknown). Its metadata has `legend`, JSON: the cycle, the method, what the numbers "
            "stand for, how many there are.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(401, 404, 409, 422),
    },
)
def read_map(access: ViewerAccess) -> Response:
    """What the newest cycle finds alike lies close together. At most 100,000 particles: of more, a part of each
    predicted class. What others said, and the evaluation sample, stay hidden as everywhere.
    """
    store_url = get_settings().effective_store_url
    with transaction() as session:
        plan = plan_map(session, store_url, access.project_id)
    try:
        places = open_map(plan.files)
    except (ArtifactMissing, ArtifactUnreadable) as error:
        raise conflict("no-map", "The map is gone", "What the cycle stored cannot be read. Launch a cycle.") from error
    with transaction() as session:
        columns, legend = describe_map(session, plan, places, reader_of(access))
    return Response(
        save(columns, {"legend": legend.model_dump_json()}),
        media_type="application/octet-stream",
        headers={"Cache-Control": "private, no-cache"},
    )
