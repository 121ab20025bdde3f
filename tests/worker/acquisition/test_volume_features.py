"""Features of volumes before there is a network: what they measure, and what they do not change with."""

import numpy as np
import pytest
import torch

from tomosift_worker.acquisition.pool_pass import PoolBatch
from tomosift_worker.acquisition.volume_features import outputs_without_network, radial_features

BOX = 13
CPU = torch.device("cpu")


def _volumes(n: int = 4) -> torch.Tensor:
    return torch.randn(n, 1, BOX, BOX, BOX, generator=torch.Generator().manual_seed(1))


def test_the_profiles_are_means_over_shells() -> None:
    volume = _volumes(1)[0, 0].double().numpy()
    found = radial_features(torch.from_numpy(volume)[None, None]).numpy()[0]
    steps = np.indices(volume.shape) - BOX // 2
    radii = np.rint(np.sqrt((steps**2).sum(axis=0))).astype(int)
    np.testing.assert_allclose(found[:7], [volume[radii == r].mean() for r in range(7)], rtol=1e-6)
    power = np.fft.fftshift(np.abs(np.fft.fftn(volume)) ** 2) / volume.size
    expected = [np.log(power[radii == r].mean() + 1e-6) for r in range(5)]
    np.testing.assert_allclose(found[7:], expected, rtol=1e-6)


def test_turning_a_volume_changes_nothing_and_shifting_it_not_its_power() -> None:
    volumes = _volumes()
    features = radial_features(volumes)
    turned = radial_features(volumes.rot90(1, (2, 4)).flip(3, 4))
    torch.testing.assert_close(turned, features, rtol=1e-4, atol=1e-5)
    shifted = radial_features(volumes.roll((2, -1), (2, 3)))
    torch.testing.assert_close(shifted[:, 7:], features[:, 7:], rtol=1e-3, atol=1e-4)
    assert not torch.allclose(shifted[:, :7], features[:, :7], atol=0.05)


def test_the_pools_features_do_not_depend_on_the_batches_and_have_unit_spread() -> None:
    raw, ids = _volumes(9)[:, 0].numpy(), np.arange(9, dtype=np.int64)
    raw[0] = 0.0

    def outputs(size: int) -> np.ndarray:
        counts: list[int] = []
        batches = (PoolBatch(ids[at : at + size], raw[at : at + size]) for at in range(0, 9, size))
        found = outputs_without_network(lambda volumes: volumes, batches, 3, counts.append, CPU)
        assert (found.logits.shape, found.seed, sum(counts)) == ((9, 0), 3, 9)
        return found.embeddings.astype(np.float64)

    np.testing.assert_allclose(outputs(4), outputs(9), atol=2e-3)
    np.testing.assert_allclose(outputs(9).std(axis=0), 1.0, atol=2e-3)
    with pytest.raises(ValueError, match="pool is empty"):
        outputs_without_network(lambda volumes: volumes, iter(()), 0, lambda _: None, CPU)


def test_a_damaged_volume_spoils_only_its_own_features() -> None:
    raw, ids = _volumes(6)[:, 0].numpy().copy(), np.arange(6, dtype=np.int64)
    raw[2, 0, 0, 0] = np.nan
    found = outputs_without_network(lambda volumes: volumes, [PoolBatch(ids, raw)], 0, lambda _: None, CPU)
    assert np.isfinite(found.embeddings).all(axis=1).tolist() == [True, True, False, True, True, True]
