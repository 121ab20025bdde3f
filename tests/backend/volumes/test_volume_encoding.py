"""Volumes for the browser: small, and never further off than promised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tomosift.volumes.encoding import content_hash, encode_float16, encode_uint8

volumes = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=7),
    elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
)


@given(volumes)
def test_uint8_is_off_by_half_a_step_inside_its_range(volume: np.ndarray) -> None:
    encoded = encode_uint8(volume)
    low, high = np.percentile(volume, (0.05, 99.95))
    inside = (volume >= low) & (volume <= high)

    error = np.abs(encoded.decode().astype(np.float64) - volume)

    # Half a step, and float32's rounding of the decoded value.
    allowed = encoded.scale / 2 + 1e-6 * max(abs(low), abs(high)) + 1e-30
    assert len(encoded.data) == volume.size
    assert error[inside].max(initial=0.0) <= allowed


def test_uint8_of_noise_is_as_good_as_the_viewer_needs() -> None:
    volume = np.random.default_rng(0).standard_normal((32, 32, 32), np.float32)
    encoded = encode_uint8(volume)

    assert np.sqrt(np.mean((encoded.decode() - volume) ** 2)) < 0.02
    assert encoded.shape == (32, 32, 32)
    assert encoded.mean == pytest.approx(volume.mean(), abs=1e-5)
    assert encoded.std == pytest.approx(volume.std(), rel=1e-5)


def test_a_constant_volume_comes_back() -> None:
    volume = np.full((2, 3, 4), 7.5, np.float32)
    for encoded in (encode_uint8(volume), encode_float16(volume)):
        np.testing.assert_array_equal(encoded.decode(), volume)
        assert encoded.std == 0.0


@given(volumes)
def test_float16_keeps_three_digits_of_the_deviation(volume: np.ndarray) -> None:
    decoded = encode_float16(volume).decode().astype(np.float64)
    deviation = np.abs(volume.astype(np.float64) - volume.mean(dtype=np.float64))

    allowed = 1e-3 * deviation + 1e-6 * np.abs(volume) + 1e-6 * volume.std(dtype=np.float64) + 1e-30
    assert (np.abs(decoded - volume) <= allowed).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_volumes_that_are_not_finite_are_refused(bad: float) -> None:
    volume = np.zeros((3, 3, 3), np.float32)
    volume[1, 2, 0] = bad
    with pytest.raises(ValueError, match="NaN or infinite"):
        encode_uint8(volume)
    with pytest.raises(ValueError, match="NaN or infinite"):
        encode_float16(volume)


def test_slices_are_no_volumes() -> None:
    with pytest.raises(ValueError, match="three dimensions"):
        encode_uint8(np.zeros((4, 4), np.float32))


def test_the_hash_names_shape_and_values() -> None:
    volume = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    changed = volume.copy()
    changed[1, 2, 3] += 1

    assert content_hash(volume) == content_hash(np.asfortranarray(volume))
    assert len({content_hash(v) for v in (volume, changed, volume.reshape(4, 3, 2), volume[:1])}) == 4
    assert len(content_hash(volume)) == 32


def test_the_hash_stays_the_same_from_version_to_version() -> None:
    # Stored in tables and in links: a new formula needs a migration.
    assert content_hash(np.zeros((1, 1, 2), np.float32)) == "673e9a6b290af09257e76478ec5078a0"
