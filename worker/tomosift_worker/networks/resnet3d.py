"""ResNet-18 with 3D operations, the task network of Wang et al. (AAAI 2022, appendix A.5; "gradnorm") and of DAL.

The paper leaves the stem open; for small images it uses the small-stem variant, so here: a 3x3x3 stem without a pool.
"""

from monai.networks.nets.resnet import resnet18
from torch import Tensor, nn

from tomosift_worker.networks.classifier import VolumeClassifier, check_volume_batch
from tomosift_worker.networks.loss_prediction import LossPrediction
from tomosift_worker.networks.settings import ResNet3DSettings

PAPER_WIDTH = 64
SMALLEST_BOX = 8


class ResNet3D(VolumeClassifier):
    """MONAI's ResNet-18 (3D, small stem) with global average pooling and a linear head.

    Takes any box of 8 voxels a side or more: pooling is global, so no size needs to be a multiple of anything.
    """

    def __init__(self, settings: ResNet3DSettings, class_count: int) -> None:
        super().__init__()
        if class_count < 2:
            raise ValueError(f"a classifier needs at least 2 classes, got {class_count}")
        self.trunk = resnet18(
            spatial_dims=3,
            n_input_channels=1,
            conv1_t_size=3,
            conv1_t_stride=settings.stem_stride,
            no_max_pool=True,
            widen_factor=settings.width / PAPER_WIDTH,
            feed_forward=False,
        )
        self.embedding_size = 8 * settings.width
        self.head = nn.Linear(self.embedding_size, class_count)
        self.dropout_rate = settings.dropout
        if settings.loss_module:
            self.loss_module = LossPrediction([settings.width * 2**stage for stage in range(4)])

    def embed_in_stages(self, volumes: Tensor) -> tuple[Tensor, list[Tensor]]:
        """`(n, 1, z, y, x)` to `(n, 8 * width)`, the pooled output of the last stage, and the maps of all four."""
        check_volume_batch(volumes)
        if min(volumes.shape[2:]) < SMALLEST_BOX:
            raise ValueError(f"boxes of {tuple(volumes.shape[2:])} voxels are too small; cut {SMALLEST_BOX} or more")
        trunk = self.trunk
        features: Tensor = trunk.act(trunk.bn1(trunk.conv1(volumes)))
        stages = []
        for stage in (trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4):
            features = stage(features)
            stages.append(features)
        embedding: Tensor = trunk.avgpool(features).flatten(1)
        return embedding, stages
