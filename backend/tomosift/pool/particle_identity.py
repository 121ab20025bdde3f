"""What makes a particle the same one when a list is imported again: its place in a tomogram, else its image."""

import hashlib
import posixpath
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

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
    images = particles.image_references()
    if images is not None and (keys is None or len(set(keys)) < FEWEST_DISTINCT * len(keys)):
        made_of, keys = "image", [_key_of_image(image) for image in images]
    if keys is None:
        made_of, keys = "row", [f"row\0{name}" for name in particles.particle_names()]
    seen: Counter[str] = Counter()
    identities = []
    for key in keys:
        seen[key] += 1
        text = key if seen[key] == 1 else f"{key}\0#{seen[key]}"
        identities.append(hashlib.blake2b(text.encode(), digest_size=16).digest())
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


def _keys_by_place(particles: ParticleList, tomogram: str | None) -> list[str] | None:
    positions, tomograms = particles.positions(), tomograms_of(particles, tomogram)
    if positions is None or not all(tomograms):
        return None
    plain = {name: plain_tomogram_name(name) for name in set(tomograms)}
    return [f"{plain[name]}\0{place}" for name, place in zip(tomograms, _places(positions), strict=True)]


def _places(positions: Positions) -> Sequence[str]:
    values, unit = positions.values, "A"
    if positions.unit == "voxel":
        if np.isnan(positions.voxel_size).any():
            unit = "px"
        else:
            values = values * positions.voxel_size[:, None]
    rounded = np.round(values, 1 if unit == "A" else 2) + 0.0  # no negative zero
    frame = f"{unit}{positions.origin[:2]}"
    return [f"{frame} {x:.2f} {y:.2f} {z:.2f}" for x, y, z in rounded.tolist()]


def _key_of_image(image: ImageReference) -> str:
    path = posixpath.normpath(image.path)
    while path.startswith("../"):
        path = path[3:]
    return f"image\0{path}\0{image.index or ''}"
