"""What makes a particle the same one when a list is imported again: its place in a tomogram, else its image."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tomosift.formats.particle_list import ImageReference, ParticleList, Positions

FEWEST_DISTINCT = 0.99
"""Where more of a list's places coincide, they are placeholders and tell nothing."""
_TOMOGRAM_ENDINGS = (".tomostar", ".mrc", ".rec", ".st", ".map")


@dataclass(frozen=True)
class Identities:
    """16 bytes a row, distinct within the list: rows alike get a number, in the list's order.

    `made_of` says what they were told apart by; `repeated` counts the rows that are like an earlier one.
    """

    values: Sequence[bytes]
    made_of: Literal["place", "image", "row"]
    repeated: int


def particle_identities(particles: ParticleList, tomogram: str | None = None) -> list[bytes]:
    """The identity of each row; see `identify`."""
    return list(identify(particles, tomogram).values)


def identify(particles: ParticleList, tomogram: str | None = None) -> Identities:
    """The identity of each row; `tomogram` is the one they all lie in, whatever the list says.

    Places are rounded to 0.1 Å (0.01 voxels where the voxel size is unknown), so that programs that write fewer
    digits still mean the same particle.
    """
    made_of: Literal["place", "image", "row"] = "place"
    keys = _keys_by_place(particles, tomogram)
    if keys is None or len(set(keys)) < FEWEST_DISTINCT * len(keys):
        images = particles.image_references()
        if images is not None:
            made_of, keys = "image", [_key_of_image(image) for image in images]
    if keys is None:
        made_of, keys = "row", [f"row\0{name}".encode() for name in particles.particle_names()]
    seen: dict[bytes, int] = {}
    identities = []
    for key in keys:
        times = seen[key] = seen.get(key, 0) + 1
        identities.append(blake2b(key if times == 1 else b"%b\0#%d" % (key, times), digest_size=16).digest())
    return Identities(identities, made_of, len(keys) - len(seen))


def tomograms_of(particles: ParticleList, tomogram: str | None = None) -> list[str]:
    """Each row's tomogram: `tomogram` if it is given, else what the list says; empty where nothing does."""
    return [tomogram] * len(particles) if tomogram else particles.tomogram_names()


def plain_tomogram_name(name: str) -> str:
    """A tomogram's name without folders and endings, which programs add and drop."""
    plain = posixpath.basename(name)
    while plain.endswith(_TOMOGRAM_ENDINGS):
        plain = posixpath.splitext(plain)[0]
    return plain or name


def _keys_by_place(particles: ParticleList, tomogram: str | None) -> list[bytes] | None:
    positions, tomograms = particles.positions(), tomograms_of(particles, tomogram)
    if positions is None or not all(tomograms):
        return None
    unit, places = _places(positions)
    prefixes = {name: f"{plain_tomogram_name(name)}\0{unit}\0".encode() for name in set(tomograms)}
    packed = places.tobytes()
    return [prefixes[name] + packed[24 * row : 24 * row + 24] for row, name in enumerate(tomograms)]


def _places(positions: Positions) -> tuple[str, NDArray[np.int64]]:
    """What places count in, and the places as whole numbers `(n, 3)`: tenths of Å, or hundredths of voxels."""
    values, unit, steps = positions.values, "A", 10
    if positions.unit == "voxel":
        if np.isnan(positions.voxel_size).any():
            unit, steps = "px", 100
        else:
            values = values * positions.voxel_size[:, None]
    # Far out, or no number at all: a place all the same.
    whole = np.clip(np.nan_to_num(np.rint(values * steps), nan=-1e17), -1e18, 1e18)
    return f"{unit}{positions.origin[:2]}", np.ascontiguousarray(whole, "<i8")


def _key_of_image(image: ImageReference) -> bytes:
    path = posixpath.normpath(image.path)
    while path.startswith("../"):
        path = path[3:]
    return f"image\0{path}\0{image.index or ''}".encode()
