"""Angles of every program against the matrices of their papers, against `eulerangles`, and there and back."""

from collections.abc import Callable

import numpy as np
import pytest
from eulerangles import convert_eulers
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from tomosift.formats.orientations import (
    av3_angles,
    dynamo_angles,
    eman2_angles,
    relion_angles,
    rotation_from_av3,
    rotation_from_dynamo,
    rotation_from_eman2,
    rotation_from_matrices,
    rotation_from_relion,
)
from tomosift.formats.problem import FormatProblem

PROGRAMS: dict[str, tuple[Callable[[ArrayLike], Rotation], Callable[[Rotation], NDArray[np.float64]]]] = {
    "relion": (rotation_from_relion, relion_angles),
    "dynamo": (rotation_from_dynamo, dynamo_angles),
    "av3": (rotation_from_av3, av3_angles),
    "eman2": (rotation_from_eman2, eman2_angles),
}
any_angle = st.floats(-20_000, 20_000, allow_nan=False)
SOME_ANGLES = np.random.default_rng(5).uniform(-180, 180, (200, 3))


def about_z(degrees: float) -> NDArray[np.float64]:
    """The matrix that turns vectors by the right hand about z, written out."""
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])


def about_x(degrees: float) -> NDArray[np.float64]:
    angle = np.radians(degrees)
    return np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])


def about_y(degrees: float) -> NDArray[np.float64]:
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])


@pytest.mark.parametrize("program", PROGRAMS)
@given(first=any_angle, second=any_angle, third=any_angle)
@settings(max_examples=60, deadline=None)
def test_there_and_back_is_the_same_rotation(program: str, first: float, second: float, third: float) -> None:
    to_rotation, to_angles = PROGRAMS[program]
    rotation = to_rotation([first, second, third])
    again = to_rotation(to_angles(rotation))
    assert np.degrees((rotation * again.inv()).magnitude()) < 1e-6


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("tilt", [0.0, 180.0, 1e-9])
def test_without_tilt_the_rotation_stays_right(program: str, tilt: float) -> None:
    to_rotation, to_angles = PROGRAMS[program]
    # AV3 lists phi, psi, theta.
    rotation = to_rotation([40.0, 25.0, tilt] if program == "av3" else [40.0, tilt, 25.0])
    assert np.degrees((rotation * to_rotation(to_angles(rotation)).inv()).magnitude()) < 1e-6


def test_matrices_of_the_papers() -> None:
    """Each program's rotation written out with matrices that turn vectors; RELION's and EMAN2's turn the axes."""
    first, second, third = 33.0, 71.0, -128.0
    expected = {
        "relion": about_z(-third) @ about_y(-second) @ about_z(-first),
        "dynamo": (about_z(third) @ about_x(second) @ about_z(first)).T,
        "av3": about_z(second) @ about_x(third) @ about_z(first),  # phi, psi, theta
        "eman2": (about_z(-third) @ about_x(-second) @ about_z(-first)).T,
    }
    for program, (to_rotation, _) in PROGRAMS.items():
        np.testing.assert_allclose(
            to_rotation([first, second, third]).as_matrix(), expected[program], atol=1e-12, err_msg=program
        )


def test_dynamo_to_relion_as_eulerangles_converts() -> None:
    expected = convert_eulers(SOME_ANGLES, source_meta="dynamo", target_meta="relion")
    difference = rotation_from_relion(expected) * rotation_from_dynamo(SOME_ANGLES).inv()
    assert np.degrees(difference.magnitude()).max() < 1e-4


def test_relion_to_dynamo_as_eulerangles_converts() -> None:
    expected = convert_eulers(SOME_ANGLES, source_meta="relion", target_meta="dynamo")
    difference = rotation_from_dynamo(expected) * rotation_from_relion(SOME_ANGLES).inv()
    assert np.degrees(difference.magnitude()).max() < 1e-4


def test_motive_list_and_dynamo_differ_by_sign_and_order() -> None:
    """phi = -narot, psi = -tdrot, theta = -tilt, as the programs' own converters have it."""
    tdrot, tilt, narot = SOME_ANGLES.T
    difference = rotation_from_dynamo(SOME_ANGLES) * rotation_from_av3(np.stack([-narot, -tdrot, -tilt], 1)).inv()
    assert difference.magnitude().max() < 1e-9


def test_eman2_projection_angles_are_relions_shifted_by_90_degrees() -> None:
    """az = rot + 90, alt = tilt, phi = psi - 90 of the inverse transform (EMAN2's own conversion)."""
    rot, tilt, psi = SOME_ANGLES.T
    orientation = rotation_from_eman2(np.stack([rot + 90, tilt, psi - 90], 1)).inv()
    assert (orientation * rotation_from_relion(SOME_ANGLES).inv()).magnitude().max() < 1e-9


def test_matrices_of_either_size() -> None:
    rotation = rotation_from_relion(SOME_ANGLES[:3])
    embedded = np.zeros((3, 4, 4))
    embedded[:, :3, :3], embedded[:, :3, 3] = rotation.as_matrix(), 7.0
    for matrices in (rotation.as_matrix(), embedded):
        assert (rotation_from_matrices(matrices) * rotation.inv()).magnitude().max() < 1e-9


@pytest.mark.parametrize("bad", [np.diag([1, 1, -1.0]), np.eye(3) * 2, np.full((3, 3), np.nan), np.full((3, 3), 1e300)])
def test_a_matrix_that_is_no_rotation_is_named(bad: NDArray[np.float64]) -> None:
    with pytest.raises(FormatProblem, match=r"row 2, matrix: .*no rotation"):
        rotation_from_matrices(np.stack([np.eye(3), bad]), "matrix")
