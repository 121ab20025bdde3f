"""The phantoms: all different, inside their box, drawn the same at any sampling."""

import numpy as np
import pytest

from tomosift.simulation.phantoms import phantom_density, phantom_names


def test_there_are_six_with_names_for_a_person() -> None:
    assert phantom_names() == ["barrel", "double ring", "hollow sphere", "rod", "Y shape", "bilobed blob"]
    with pytest.raises(KeyError):
        phantom_density("teapot", 28)


@pytest.mark.parametrize("name", phantom_names())
@pytest.mark.parametrize("box", [24, 27, 32])
def test_each_lies_inside_its_box_with_room_to_move(name: str, box: int) -> None:
    density = phantom_density(name, box)
    assert density.shape == (box, box, box)
    assert density.dtype == np.float32
    assert density.min() >= 0.0
    assert density.max() > 0.9
    margin = 2
    inner = density[margin:-margin, margin:-margin, margin:-margin]
    assert density.sum() - inner.sum() < 1e-3 * density.sum()


@pytest.mark.parametrize("name", phantom_names())
def test_each_is_symmetric_about_its_axis_voxel(name: str) -> None:
    """Turning half around z keeps every phantom; the centre is voxel box // 2, so index 0 has no partner."""
    density = phantom_density(name, 28)[:, 1:, 1:]
    np.testing.assert_allclose(density, density[:, ::-1, ::-1], atol=1e-6)


def test_no_two_look_alike() -> None:
    densities = [phantom_density(name, 28).ravel() for name in phantom_names()]
    similar = np.corrcoef(densities) - np.eye(6)
    assert similar.max() < 0.75
