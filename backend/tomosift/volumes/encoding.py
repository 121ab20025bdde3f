"""Volumes as the browser gets them: 8-bit with a scale, or half floats; and the hash that names their content."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

# The grey range sent to the browser: outliers beyond it are clipped.
LOW_PERCENTILE, HIGH_PERCENTILE = 0.05, 99.95


@dataclass(frozen=True, slots=True)
class EncodedVolume:
    """One volume in few bytes: `value = offset + scale * number`, numbers in C order of `(z, y, x)`.

    `mean` and `std` are those of the volume before it was encoded.
    """

    data: bytes
    shape: tuple[int, int, int]
    number_type: Literal["uint8", "float16"]
    offset: float
    scale: float
    mean: float
    std: float

    def decode(self) -> NDArray[np.float32]:
        """The volume these bytes stand for, `(z, y, x)` float32."""
        numbers = np.frombuffer(self.data, np.dtype(_LITTLE_ENDIAN[self.number_type])).reshape(self.shape)
        values: NDArray[np.float64] = self.offset + self.scale * numbers.astype(np.float64)
        return values.astype(np.float32)


_LITTLE_ENDIAN: dict[str, str] = {"uint8": "u1", "float16": "<f2"}


def encode_uint8(volume: NDArray[np.float32]) -> EncodedVolume:
    """A byte a voxel over the 0.05–99.95 percentile of `volume` `(z, y, x)`; what lies outside is clipped.

    Inside that range a decoded voxel is off by at most half a step of `scale`. Raises ValueError for a
    volume that is not three-dimensional or holds NaN or infinities.
    """
    _check(volume)
    low, high = (float(bound) for bound in np.percentile(volume, (LOW_PERCENTILE, HIGH_PERCENTILE)))
    # The range of a near-constant volume may vanish when divided, even where its ends differ.
    scale = (high - low) / 255.0
    if scale <= 0.0:
        numbers, scale = np.zeros(volume.shape, np.uint8), 0.0
    else:
        steps = (np.clip(volume, low, high).astype(np.float64) - low) / scale
        numbers = np.clip(np.rint(steps), 0, 255).astype(np.uint8)
    return _encoded(volume, numbers, "uint8", low, scale)


def encode_float16(volume: NDArray[np.float32]) -> EncodedVolume:
    """Two bytes a voxel, z-scored first so that half floats keep about three digits at any grey scale.

    Raises ValueError for a volume that is not three-dimensional or holds NaN or infinities.
    """
    _check(volume)
    mean, std = _mean_and_std(volume)
    scale = std if std > 0.0 else 1.0
    numbers = ((volume.astype(np.float64) - mean) / scale).astype("<f2")
    return _encoded(volume, numbers, "float16", mean, scale)


def content_hash(volume: NDArray[np.float32]) -> str:
    """32 hexadecimal digits that name a volume's shape and float32 values: equal content, equal name."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(np.asarray(volume.shape, "<i8").tobytes())
    digest.update(np.ascontiguousarray(volume, "<f4").data)
    return digest.hexdigest()


def _check(volume: NDArray[np.float32]) -> None:
    if volume.ndim != 3 or volume.size == 0:
        raise ValueError(f"a volume has three dimensions (z, y, x), not the shape {volume.shape}")
    if not np.isfinite(volume).all():
        raise ValueError("a volume with NaN or infinite voxels cannot be encoded")


def _mean_and_std(volume: NDArray[np.float32]) -> tuple[float, float]:
    return float(volume.mean(dtype=np.float64)), float(volume.std(dtype=np.float64))


def _encoded(
    volume: NDArray[np.float32],
    numbers: NDArray[Any],
    number_type: Literal["uint8", "float16"],
    offset: float,
    scale: float,
) -> EncodedVolume:
    depth, height, width = volume.shape
    mean, std = _mean_and_std(volume)
    return EncodedVolume(
        data=numbers.tobytes(),
        shape=(depth, height, width),
        number_type=number_type,
        offset=offset,
        scale=scale,
        mean=mean,
        std=std,
    )
