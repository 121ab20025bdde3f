"""Settings of networks: told apart by their kind, and older ones without it are still read."""

import pytest
from pydantic import TypeAdapter, ValidationError

from tomosift_worker.networks.catalogue import NETWORKS
from tomosift_worker.networks.settings import (
    AC3DSettings,
    NetworkSettings,
    ResNet3DSettings,
    for_box,
    same_weights_fit,
)

ADAPTER: TypeAdapter[NetworkSettings] = TypeAdapter(NetworkSettings)


def test_the_kind_decides_and_none_means_the_first_there_was() -> None:
    assert ADAPTER.validate_python({"width": 8}) == ResNet3DSettings(width=8)
    assert ADAPTER.validate_python({"kind": "ac3d", "width": 8}) == AC3DSettings(width=8)
    for kind in NETWORKS:
        assert ADAPTER.validate_python({"kind": kind}).kind == kind


@pytest.mark.parametrize("wrong", [{"kind": "ac3d", "stem_stride": 2}, {"kind": "vgg"}, {"width": 8, "code_size": 8}])
def test_settings_of_another_network_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(wrong)


def test_only_ac3d_wants_to_know_the_box() -> None:
    assert for_box(ResNet3DSettings(), 28) == ResNet3DSettings()
    assert for_box(AC3DSettings(), 28) == for_box(AC3DSettings(box_size=28), 28) == AC3DSettings(box_size=28)
    with pytest.raises(ValueError, match=r"network\.box_size is 32, but the pool's boxes have 28 voxels"):
        for_box(AC3DSettings(box_size=32), 28)


def test_a_network_goes_on_from_one_that_differs_in_dropout_alone() -> None:
    assert same_weights_fit(ResNet3DSettings(dropout=0.5), ResNet3DSettings())
    assert not same_weights_fit(ResNet3DSettings(width=8), ResNet3DSettings())
    assert not same_weights_fit(AC3DSettings(), ResNet3DSettings())
