"""HTTP face of the search for particles that look alike."""

from typing import Annotated

from fastapi import APIRouter, Query

from tomosift.cycles.schemas import SimilarParticles
from tomosift.cycles.similar import begin_search, find_similar, show_similar
from tomosift.kit.database import transaction
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.projects.access import ViewerAccess
from tomosift.projects.shown_labels import reader_of

router = APIRouter(prefix="/projects/{slug}", tags=["cycles"])


@router.get(
    "/subtomograms/{subtomogram_id}/similar",
    summary="Particles that look like this one",
    responses=problems(401, 403, 404, 409, 422),
)
def read_similar(
    subtomogram_id: int,
    access: ViewerAccess,
    limit: Annotated[int, Query(ge=1, le=100, description="How many of each kind.")] = 12,
) -> SimilarParticles:
    """The most similar of all and of the labeled ones, in the newest cycle's eyes.

    The search is exact. An evaluation item is refused to who has not decided it; among the results it has no label.
    Labels are withheld where the project's setting `suggestions` shows you none for this particle, and of what the
    queue may still ask you about.
    """
    reader = reader_of(access)
    with transaction() as session:
        search = begin_search(session, reader, subtomogram_id)
    found = find_similar(get_settings().effective_store_url, search, limit)
    with transaction() as session:
        return show_similar(session, reader, access.slug, search, found)
