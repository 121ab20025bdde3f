"""What every task network is: a trunk that embeds a volume and a linear head that reads classes from the embedding."""

from torch import Tensor, nn


class VolumeClassifier(nn.Module):
    """A classifier of volumes whose logits are `head(embed(x))`, so that one pass gives embedding and logits.

    Subclasses set `embedding_size` (d) and `head` (a linear layer, d to K classes), and implement `embed`.
    """

    embedding_size: int
    head: nn.Linear

    def embed(self, volumes: Tensor) -> Tensor:
        """`(n, 1, z, y, x)` float volumes to `(n, d)` embeddings."""
        raise NotImplementedError

    def forward(self, volumes: Tensor) -> Tensor:
        """`(n, 1, z, y, x)` float volumes to `(n, K)` logits."""
        logits: Tensor = self.head(self.embed(volumes))
        return logits


def check_volume_batch(volumes: Tensor) -> None:
    """Raise ValueError unless `volumes` is a batch `(n, 1, z, y, x)`."""
    if volumes.ndim != 5 or volumes.shape[1] != 1:
        raise ValueError(
            f"expected a batch of volumes (n, 1, z, y, x), got {tuple(volumes.shape)}; "
            "give a single volume as volume[None, None]"
        )


def count_parameters(network: nn.Module) -> int:
    """The number of trained numbers in a network."""
    return sum(parameter.numel() for parameter in network.parameters())
