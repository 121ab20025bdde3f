"""Shifts and half turns: exact, batched, and true to the missing wedge and the hand of the particle."""

import numpy as np
import pytest
import torch

from tomosift_worker.training.augmentation import Augmentation, augment, draw_augmentation


def _volumes(n: int, size: int = 9) -> torch.Tensor:
    return torch.randn(n, 1, size, size + 1, size + 2, generator=torch.Generator().manual_seed(0))


def test_augment_equals_flip_and_roll_of_each_volume() -> None:
    volumes = _volumes(6)
    drawn = draw_augmentation(seed=5, step=11, count=6, max_shift=3, symmetry="mirrors")
    found = augment(volumes, drawn)
    assert found.shape == volumes.shape
    for each in range(6):
        axes = [axis for axis in range(3) if drawn.flips[each, axis]]
        # The flipped volume, shifted; the shift is along the axes of the box and not of the flipped particle.
        expected = torch.roll(torch.flip(volumes[each, 0], axes), tuple(int(v) for v in drawn.shifts[each]), (0, 1, 2))
        if drawn.flips[each, 1]:
            expected = expected.roll(1, 1)  # that axis is even: torch flips about the face before its middle voxel
        assert torch.equal(found[each, 0], expected)


@pytest.mark.parametrize("size", [8, 9])
def test_flips_leave_the_middle_voxel_where_it_is(size: int) -> None:
    volumes = torch.zeros(1, 1, size, size, size)
    volumes[0, 0, size // 2, size // 2, size // 2] = 1.0
    for flips in np.ndindex(2, 2, 2):
        turned = augment(volumes, Augmentation(np.zeros((1, 3), np.int64), np.array([flips], np.bool_)))
        assert torch.equal(turned, volumes)


@pytest.mark.parametrize(("symmetry", "variants"), [("none", 1), ("half-turns", 4), ("mirrors", 8)])
def test_symmetries_are_the_group_they_say(symmetry: str, variants: int) -> None:
    drawn = draw_augmentation(seed=0, step=0, count=4000, max_shift=0, symmetry=symmetry)  # type: ignore[arg-type]
    kinds, counts = np.unique(drawn.flips, axis=0, return_counts=True)
    assert len(kinds) == variants
    assert counts.min() > 0.8 * 4000 / variants
    if symmetry == "half-turns":
        assert (kinds.sum(axis=1) % 2 == 0).all()  # proper rotations: the hand stays


def test_half_turns_keep_the_missing_wedge() -> None:
    size = 16
    frequency = np.fft.fftfreq(size)
    kz, kx = np.abs(frequency)[:, None, None], np.abs(frequency)[None, None, :]
    kept = np.broadcast_to(kz <= kx * np.tan(np.deg2rad(60)), (size, size, size))
    # An even size has one unpaired frequency; without it the mask is symmetric, as a real microscope's is.
    kept = kept & ~((frequency == -0.5)[:, None, None] | (frequency == -0.5)[None, :, None] | (frequency == -0.5))
    noise = np.random.default_rng(0).normal(size=(size, size, size))
    wedged = np.fft.ifftn(np.fft.fftn(noise) * kept).real
    every = Augmentation(np.zeros((4, 3), np.int64), np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.bool_))
    turned = augment(torch.from_numpy(wedged).expand(4, 1, size, size, size), every).numpy()[:, 0]
    for volume in turned:
        power = np.abs(np.fft.fftn(volume)) ** 2
        assert power[~kept].sum() < 1e-20 * power.sum()


def test_shifts_cover_the_range_and_no_more() -> None:
    drawn = draw_augmentation(seed=0, step=3, count=2000, max_shift=2, symmetry="none")
    assert set(np.unique(drawn.shifts)) == {-2, -1, 0, 1, 2}
    again = draw_augmentation(seed=0, step=3, count=2000, max_shift=2, symmetry="none")
    assert np.array_equal(drawn.shifts, again.shifts)
    assert not np.array_equal(drawn.shifts, draw_augmentation(0, 4, 2000, 2, "none").shifts)
