"""Settings of the networks. Free of torch, so that they can be validated and shown anywhere."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ResNet3DSettings(BaseModel):
    """ResNet-18 with 3D operations."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="resnet3d")

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
