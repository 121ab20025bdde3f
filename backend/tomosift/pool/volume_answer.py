"""A volume as an HTTP answer: few bytes for the browser, and headers that say how to turn them into values."""

from typing import Annotated, Any, Literal

import numpy as np
from fastapi import Query, Response
from numpy.typing import NDArray

from tomosift.volumes.encoding import encode_float16, encode_uint8

IMMUTABLE = "private, max-age=31536000, immutable"

VolumeFormat = Annotated[Literal["uint8", "float16"], Query(description="A byte or two a voxel.")]

VOLUME_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Voxels in C order of (z, y, x): value = X-Volume-Offset + X-Volume-Scale * number.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {
            "X-Volume-Shape": {"schema": {"type": "string"}, "description": "z,y,x"},
            "X-Volume-Type": {"schema": {"type": "string"}, "description": "uint8 or float16 (little-endian)"},
            "X-Volume-Scale": {"schema": {"type": "number"}},
            "X-Volume-Offset": {"schema": {"type": "number"}},
            "X-Volume-Mean": {"schema": {"type": "number"}, "description": "Of the volume itself."},
            "X-Volume-Std": {"schema": {"type": "number"}, "description": "Of the volume itself."},
        },
    }
}


def volume_response(
    volume: NDArray[np.float32], number_type: Literal["uint8", "float16"], cache_control: str
) -> Response:
    """The answer that holds `volume` `(z, y, x)`."""
    encoded = encode_uint8(volume) if number_type == "uint8" else encode_float16(volume)
    return Response(
        encoded.data,
        media_type="application/octet-stream",
        headers={
            "Cache-Control": cache_control,
            "X-Volume-Shape": ",".join(map(str, encoded.shape)),
            "X-Volume-Type": encoded.number_type,
            "X-Volume-Scale": repr(encoded.scale),
            "X-Volume-Offset": repr(encoded.offset),
            "X-Volume-Mean": repr(encoded.mean),
            "X-Volume-Std": repr(encoded.std),
        },
    )
