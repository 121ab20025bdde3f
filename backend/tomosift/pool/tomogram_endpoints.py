"""HTTP face of what lies around a particle in its tomogram."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from tomosift.kit.database import transaction
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.pool.import_schemas import Neighbours
from tomosift.pool.neighbours import find_neighbours
from tomosift.pool.surroundings import draw, find_section
from tomosift.projects.access import ViewerAccess
from tomosift.projects.shown_labels import reader_of

router = APIRouter(
    prefix="/projects/{slug}/subtomograms/{subtomogram_id}", tags=["pool"], responses=problems(401, 404, 422)
)

LengthUnit = Annotated[Literal["angstrom", "voxel"], Query(description="What the length counts.")]

_PNG: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A grey picture of the xy section through the particle, averaged over the depth of its box; "
        "y grows downwards.",
        "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {
            "X-Angstrom-Per-Pixel": {"schema": {"type": "number"}},
            "X-Centre": {"schema": {"type": "string"}, "description": "x,y of the particle in the picture's pixels"},
            "X-Box-Pixels": {"schema": {"type": "number"}, "description": "Edge of the particle's box in pixels."},
        },
    }
}


@router.get("/surroundings", summary="The tomogram around a particle", response_class=Response, responses=_PNG)
def read_surroundings(
    subtomogram_id: int,
    access: ViewerAccess,
    width: Annotated[float | None, Query(gt=0, le=1e6, description="Edge of the section; default: 6 boxes.")] = None,
    unit: LengthUnit = "angstrom",
) -> Response:
    """A thumbnail of its surroundings, for particles whose tomograms were given with the import (404 otherwise)."""
    settings = get_settings()
    with transaction() as session:
        section = find_section(session, access.project_id, subtomogram_id)
    picture = draw(settings, section, width, unit)
    return Response(
        picture.png,
        media_type="image/png",
        headers={
            "Cache-Control": "private, max-age=3600",
            "X-Angstrom-Per-Pixel": repr(picture.angstrom_per_pixel),
            "X-Centre": ",".join(repr(each) for each in picture.centre),
            "X-Box-Pixels": repr(picture.box_pixels),
        },
    )


@router.get("/neighbours", summary="Particles near a particle")
def read_neighbours(
    subtomogram_id: int,
    access: ViewerAccess,
    radius: Annotated[float | None, Query(gt=0, le=1e6, description="How far away; default: 3 boxes.")] = None,
    unit: LengthUnit = "angstrom",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Neighbours:
    """Particles of the same tomogram within `radius`, with their offsets and labels."""
    with transaction() as session:
        return find_neighbours(session, reader_of(access), access.slug, subtomogram_id, radius, unit, limit)
