"""Settings of the networks. Free of torch, so that they can be validated and shown anywhere."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag


class _EveryNetwork(BaseModel):
    """What every network can have besides its own settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dropout: float = Field(
        default=0.0,
        ge=0.0,
        le=0.9,
        description="Share of the embedding's numbers left out at random in training; mc-dropout and bald also leave "
        "them out when scoring.",
    )
    loss_module: bool = Field(
        default=False,
        description="Train a side module that predicts the loss of each volume, which ll4al scores by.",
    )


class ResNet3DSettings(_EveryNetwork):
    """ResNet-18 with 3D operations."""

    model_config = ConfigDict(title="resnet3d")

    kind: Literal["resnet3d"] = "resnet3d"
    width: int = Field(
        default=64,
        ge=4,
        le=128,
        description="Channels of the first stage; later stages have 2, 4 and 8 times as many. The papers use 64.",
    )
    stem_stride: Literal[1, 2] = Field(
        default=1,
        description="Stride of the first convolution. 2 is about 8 times cheaper and halves the resolution.",
    )


class AC3DSettings(_EveryNetwork):
    """The 3D autoencoding classifier."""

    # Settings that do not say their kind are those of resnet3d, which was there first.
    model_config = ConfigDict(title="ac3d", json_schema_extra={"required": ["kind"]})

    kind: Literal["ac3d"] = "ac3d"
    width: int = Field(
        default=32, ge=4, le=128, description="Channels of the convolutions of encoder and decoder. The paper: 32."
    )
    code_size: int = Field(
        default=128, ge=8, le=1024, description="Numbers in the code from which a volume is reconstructed. Paper: 128."
    )
    hidden_size: int = Field(
        default=128, ge=8, le=1024, description="Width of the classifier's hidden layer, which is the embedding."
    )
    box_size: int | None = Field(
        default=None, ge=8, le=128, description="Side of the boxes in voxels. Empty: that of the pool."
    )


def _kind(settings: Any) -> str:
    given = settings.get("kind") if isinstance(settings, Mapping) else getattr(settings, "kind", None)
    return str(given or "resnet3d")


NetworkSettings = Annotated[
    Annotated[ResNet3DSettings, Tag("resnet3d")] | Annotated[AC3DSettings, Tag("ac3d")], Discriminator(_kind)
]
"""The settings of one network, told apart by `kind`."""


def for_box(settings: ResNet3DSettings | AC3DSettings, box_size: int) -> ResNet3DSettings | AC3DSettings:
    """The settings with the pool's box where the network wants to know it. Raises ValueError if they name another."""
    if not isinstance(settings, AC3DSettings):
        return settings
    if settings.box_size not in (None, box_size):
        raise ValueError(f"network.box_size is {settings.box_size}, but the pool's boxes have {box_size} voxels")
    return settings.model_copy(update={"box_size": box_size})


def same_weights_fit(one: ResNet3DSettings | AC3DSettings, other: ResNet3DSettings | AC3DSettings) -> bool:
    """Whether two networks have the same weights, so that one can go on from the other's."""
    # Dropout has none.
    return one.model_dump(exclude={"dropout"}) == other.model_dump(exclude={"dropout"})
