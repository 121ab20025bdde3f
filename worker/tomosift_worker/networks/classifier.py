"""What every task network is: a trunk that embeds a volume and a linear head that reads classes from the embedding."""

from torch import Tensor, nn
from torch.nn import functional

from tomosift_worker.networks.loss_prediction import LossPrediction


class VolumeClassifier(nn.Module):
    """A classifier of volumes whose logits are `head(dropout(embed(x)))`, so that one pass gives embedding and logits.

    Subclasses set `embedding_size` (d) and `head` (a linear layer, d to K classes), and implement `embed_in_stages`.
    `dropout_rate` is the share of the embedding left out in training; `loss_module` predicts losses, if there is one.
    """

    embedding_size: int
    head: nn.Linear
    loss_module: LossPrediction | None

    def __init__(self) -> None:
        super().__init__()
        self.dropout_rate = 0.0
        self.loss_module = None

    def embed_in_stages(self, volumes: Tensor) -> tuple[Tensor, list[Tensor]]:
        """`(n, 1, z, y, x)` float volumes to `(n, d)` embeddings, and each stage's feature maps `(n, C, ...)`."""
        raise NotImplementedError

    def embed(self, volumes: Tensor) -> Tensor:
        """`(n, 1, z, y, x)` float volumes to `(n, d)` embeddings."""
        return self.embed_in_stages(volumes)[0]

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(n, d)` embeddings to `(n, K)` logits."""
        if self.training and self.dropout_rate > 0.0:
            embeddings = functional.dropout(embeddings, self.dropout_rate)
        logits: Tensor = self.head(embeddings)
        return logits

    def forward(self, volumes: Tensor) -> Tensor:
        """`(n, 1, z, y, x)` float volumes to `(n, K)` logits."""
        return self.classify(self.embed(volumes))

    def predicted_loss(self, volumes: Tensor) -> Tensor:
        """`(n,)` losses as the side module predicts them. Raises ValueError where the network has none."""
        if self.loss_module is None:
            raise ValueError("this network has no module that predicts losses; train it with network.loss_module")
        predicted: Tensor = self.loss_module(self.embed_in_stages(volumes)[1])
        return predicted


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
