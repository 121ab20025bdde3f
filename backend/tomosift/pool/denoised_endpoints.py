"""HTTP face of denoised volumes."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings
from tomosift.pool.denoised import Wait, denoised_volume
from tomosift.pool.volume_answer import VOLUME_ANSWER, VolumeFormat, volume_response
from tomosift.projects.access import ViewerAccess

router = APIRouter(prefix="/projects/{slug}/subtomograms/{subtomogram_id}", tags=["pool"])

RETRY_AFTER_SECONDS = 3


class DenoisedWait(BaseModel):
    """A worker is making the volume."""

    ahead: int = Field(description="Volumes that are made before it.")
    is_trained: bool = Field(description="False: the denoiser learns first, which takes a minute or a few.")


@router.get(
    "/denoised",
    summary="Voxels with less noise",
    response_class=Response,
    responses={
        **VOLUME_ANSWER,
        202: {
            "model": DenoisedWait,
            "description": "A worker is making it; ask again when Retry-After is over.",
            "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
        },
        **problems(401, 404, 409, 422),
    },
)
def read_denoised_volume(subtomogram_id: int, access: ViewerAccess, format: VolumeFormat = "uint8") -> Response:
    """The cube as an autoencoder gives it back, encoded as the cube itself.

    The batch of a cycle and the evaluation sample are made at once, others when they are asked for. An impression to
    compare with the voxels, no measurement: an autoencoder shows what it has often seen.
    """
    volume = denoised_volume(get_settings().effective_store_url, access.project_id, subtomogram_id)
    if isinstance(volume, Wait):
        return JSONResponse(
            DenoisedWait(ahead=volume.ahead, is_trained=volume.is_trained).model_dump(),
            status_code=202,
            headers={"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "no-store"},
        )
    return volume_response(volume, format, "private, no-cache")
