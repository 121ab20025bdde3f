"""Changes that respect the physics: exact rotations, an empty missing wedge, noise that looks like the volume's own."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from tomosift_worker.training.counter_random import generator_at
from tomosift_worker.training.physical_augmentation import (
    _with_noise,
    change_physically,
    random_rotations,
    rotate,
)
from tomosift_worker.training.preprocessing import standardise
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.wedge import wedge_mask

EACH: list[dict[str, Any]] = [
    {"free_rotation": True},
    {"subvoxel_shifts": True},
    {"narrower_tilts_degrees": 20.0},
    {"low_pass_jitter_voxels": 2.0},
    {"contrast_jitter": 0.5},
    {"noise_jitter": 1.0},
]


def _volumes(n: int = 3, size: int = 12) -> torch.Tensor:
    return standardise(torch.randn(n, 1, size, size, size, generator=torch.Generator().manual_seed(0)))


def _changed(volumes: torch.Tensor, seed: int = 0, step: int = 0, **settings: Any) -> torch.Tensor:
    return change_physically(volumes, TrainingSettings(**settings), seed, step)


@pytest.mark.parametrize(
    ("axis", "from_to"),
    [(0, (1, 2)), (1, (2, 0)), (2, (0, 1))],  # about z: y goes to x; about y: x to z; about x: z to y
)
def test_a_quarter_turn_moves_voxels_as_it_moves_axes(axis: int, from_to: tuple[int, int]) -> None:
    size, (start, end) = 9, from_to
    volumes = torch.zeros(1, 1, size, size, size)
    place, turned = [4, 4, 4], [4, 4, 4]
    place[start], turned[end] = 7, 7
    volumes[0, 0][tuple(place)] = 1.0
    matrix = np.zeros((3, 3))
    matrix[axis, axis], matrix[end, start], matrix[start, end] = 1.0, 1.0, -1.0
    assert np.linalg.det(matrix) == pytest.approx(1.0)
    found = rotate(volumes, matrix[None])[0, 0]
    assert float(found[tuple(turned)]) == pytest.approx(1.0, abs=1e-4)
    assert float(found.abs().sum()) == pytest.approx(1.0, abs=1e-2)


def test_a_rotation_moves_a_blob_to_its_place_and_its_inverse_back() -> None:
    grid, place = np.indices((24, 24, 24)) - 11.5, np.array([4.0, -3.0, 2.0])
    blob = np.exp(-((grid - place[:, None, None, None]) ** 2).sum(axis=0) / 8)
    matrix = Rotation.from_rotvec([0.9, -1.2, 0.5]).as_matrix()
    there = rotate(torch.from_numpy(blob).float()[None, None], matrix[None])
    back = rotate(there, matrix.T[None])
    for found, expected in ((there, matrix @ place), (back, place)):
        near = np.linalg.norm(grid - expected[:, None, None, None], axis=0) < 6.0
        weights = found[0, 0].numpy() * near
        np.testing.assert_allclose((grid * weights).sum(axis=(1, 2, 3)) / weights.sum(), expected, atol=0.05)
        assert weights.sum() == pytest.approx(blob.sum(), rel=0.05)


def test_orientations_are_proper_and_uniform() -> None:
    matrices = random_rotations(generator_at(0, 1), 4000)
    np.testing.assert_allclose(
        matrices @ matrices.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (4000, 3, 3)), atol=1e-9
    )
    np.testing.assert_allclose(np.linalg.det(matrices), 1.0)
    # Of uniform rotations each axis is uniform on the sphere (mean 0, mean square 1/3), and the trace has mean 0.
    assert np.abs(matrices.mean(axis=0)).max() < 0.04
    assert np.abs((matrices**2).mean(axis=0) - 1 / 3).max() < 0.03


def test_boxes_that_are_no_cubes_are_not_turned() -> None:
    with pytest.raises(ValueError, match="only cubes"):
        rotate(torch.zeros(1, 1, 4, 4, 5), np.eye(3)[None])


@pytest.mark.parametrize("size", [12, 13])
@pytest.mark.parametrize("tilts", [(-60.0, 60.0), (-40.0, 65.0), (-90.0, 50.0), (0.0, 0.0), (-90.0, 90.0)])
def test_the_mask_is_the_tilt_series_and_symmetric(size: int, tilts: tuple[float, float]) -> None:
    mask = wedge_mask((size, size, size), *(torch.tensor([each]) for each in tilts))[0, :, 0]
    frequency, half = np.fft.fftfreq(size), np.fft.rfftfreq(size)
    for z, kz in enumerate(frequency):
        for x, kx in enumerate(half):
            if -0.5 in (kz, -kx) or (kx == 0.0 and kz != 0.0):
                continue
            tilt = np.degrees(np.arctan2(kz, kx))
            assert bool(mask[z, x]) == (tilts[0] - 0.01 <= tilt <= tilts[1] + 0.01)
    assert mask[0, 0] == 1.0
    upright = mask[1:, 0]
    assert bool((upright == float(90.0 in tilts or -90.0 in tilts)).all())
    filtered = torch.fft.irfftn(torch.fft.rfftn(_volumes(1, size), dim=(2, 3, 4)) * mask[:, None], s=3 * (size,))
    power = torch.fft.rfftn(filtered, dim=(2, 3, 4)).abs()[0, 0]
    assert float((power * (1 - mask[:, None])).max()) < 1e-4 * float(power.max())


@pytest.mark.parametrize("tilts", [(-60.0, 60.0), (-40.0, 55.0)])
def test_after_a_rotation_the_spectrum_outside_the_wedge_is_empty(tilts: tuple[float, float]) -> None:
    limits = {"lowest_tilt_degrees": tilts[0], "highest_tilt_degrees": tilts[1]}
    volumes = _volumes(4, 16)
    found = _changed(volumes, free_rotation=True, noise_jitter=0.5, low_pass_jitter_voxels=0.5, **limits)
    mask = wedge_mask((16, 16, 16), *(torch.tensor([each]) for each in tilts))[0]
    power = torch.fft.rfftn(found, dim=(2, 3, 4)).abs() ** 2
    assert float((power * (1 - mask)).sum()) < 1e-9 * float(power.sum())
    assert not torch.allclose(found, volumes, atol=0.1)


def test_the_random_wedge_takes_no_more_than_asked() -> None:
    found = _changed(_volumes(8, 16), narrower_tilts_degrees=20.0)
    power = torch.fft.rfftn(found, dim=(2, 3, 4)).abs() ** 2
    widest, narrowest = (
        wedge_mask((16, 16, 16), torch.tensor([-each]), torch.tensor([each]))[0] for each in (60.0, 40.0)
    )
    share = (power * (1 - widest)).sum(dim=(1, 2, 3, 4)) / power.sum(dim=(1, 2, 3, 4))
    assert float(share.max()) < 1e-9
    between = ((power * (widest - narrowest)) > 1e-6 * power.mean()).float().sum(dim=(1, 2, 3, 4))
    assert len(set(between.tolist())) > 3  # each volume has a wedge of its own
    inside = torch.fft.rfftn(_volumes(8, 16), dim=(2, 3, 4)) * narrowest
    ratio = (torch.fft.rfftn(found, dim=(2, 3, 4)) * narrowest).abs().sum() / inside.abs().sum()
    assert 0.9 < float(ratio) < 1.6  # what all see is only scaled


def test_noise_has_the_spectrum_of_its_volume() -> None:
    volumes = _volumes(2, 16)
    spectrum = torch.fft.rfftn(volumes, dim=(2, 3, 4))
    spectrum[:, :, 3:5] = 0.0
    noise = _with_noise(spectrum, (16, 16, 16), 1.0, 0, 0) - spectrum
    ratio = noise.abs() / spectrum.abs().clamp_min(1e-6)
    for each in range(2):
        kept = torch.ones(16, dtype=torch.bool)
        kept[3:5] = False
        amounts = ratio[each, 0, kept]
        torch.testing.assert_close(amounts, amounts.mean().expand_as(amounts), atol=1e-3, rtol=1e-2)
        assert 0.0 < float(amounts.mean()) <= 1.0
    assert float(noise[:, :, 3:5].abs().max()) == 0.0


def test_shifts_by_parts_of_a_voxel_keep_the_amplitudes() -> None:
    volumes = _volumes(3, 13)
    found = _changed(volumes, subvoxel_shifts=True)
    before, after = (torch.fft.rfftn(each, dim=(2, 3, 4)).abs() for each in (volumes, found))
    torch.testing.assert_close(after, before, atol=1e-2, rtol=1e-3)
    assert not torch.allclose(found, volumes, atol=0.1)


def test_low_pass_takes_high_frequencies_and_contrast_scales() -> None:
    volumes = _volumes(3, 16)
    smooth = _changed(volumes, low_pass_jitter_voxels=3.0)
    steps = ((each[..., 1:] - each[..., :-1]).square().mean() for each in (smooth, volumes))
    assert float(next(steps)) < 0.8 * float(next(steps))
    scaled = _changed(volumes, contrast_jitter=0.5)
    factors = (scaled / volumes).flatten(1)
    torch.testing.assert_close(factors, factors[:, :1].expand_as(factors), atol=1e-3, rtol=1e-3)
    assert bool(((factors > np.exp(-0.5) - 1e-3) & (factors < np.exp(0.5) + 1e-3)).all())


@pytest.mark.parametrize("settings", EACH, ids=[next(iter(each)) for each in EACH])
def test_each_change_follows_from_seed_and_step_alone(settings: dict[str, Any]) -> None:
    volumes = _volumes()
    found = _changed(volumes, seed=3, step=5, **settings)
    assert torch.isfinite(found).all()
    assert torch.equal(found, _changed(volumes, seed=3, step=5, **settings))
    assert not torch.equal(found, _changed(volumes, seed=3, step=6, **settings))
    assert not torch.equal(found, _changed(volumes, seed=4, step=5, **settings))
    assert not torch.equal(found, volumes)


def test_by_default_nothing_is_changed() -> None:
    volumes = _volumes()
    assert _changed(volumes) is volumes
