"""The training methods on offer, by id, each with its settings as published. A new one is a trainer and a row here.

Deep generative models (Kingma's M2, AC3D's last baseline) are not there.
"""

from dataclasses import dataclass

from tomosift_worker.training.autoencoding import CascadeTrainer, JointTrainer
from tomosift_worker.training.discrepancy import DiscrepancyTrainer
from tomosift_worker.training.self_training import SelfTrainer
from tomosift_worker.training.settings import TrainingSettings
from tomosift_worker.training.supervised import SupervisedTrainer

# What the papers do not do: no balancing, and no random changes of the volumes that they tell of.
_PLAIN = TrainingSettings(balance="none", max_shift_voxels=0, symmetry="none", label_smoothing=0.0)

# gradnorm A.5 and DAL's appendix, simulated data. Batches of 64: unstated there, gradnorm's for its smaller sets.
DAL_SIMULATED = _PLAIN.model_copy(
    update={
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "momentum": 0.9,
        "weight_decay": 5e-4,
        "epochs": 100,
        "batch_size": 64,
        "schedule": "step",
    }
)
DAL_REAL = DAL_SIMULATED.model_copy(update={"epochs": 5, "schedule": "constant"})
# Its simulated set. 5,000 steps are 100 epochs of its 3,200 simulated volumes in batches of 64.
_AC3D = _PLAIN.model_copy(
    update={
        "optimizer": "adam",
        "learning_rate": 1e-4,
        "second_moment_decay": 0.99,
        "weight_decay": 0.0,
        "schedule": "constant",
        "batch_size": 64,
        "steps": 5000,
        "validation_share": 0.1,
    }
)
_TOD = DAL_SIMULATED.model_copy(update={"method": "tod", "epochs": 200, "batch_size": 128, "average_decay": 0.999})


@dataclass(frozen=True)
class TrainingMethod:
    """A way to train: what it is, its settings as published, and the trainer."""

    id: str
    title: str
    description: str
    source: str
    published: TrainingSettings
    trainer: type[SupervisedTrainer]
    uses_unlabeled: bool = True
    reconstructs: bool = False


TRAINING_METHODS: dict[str, TrainingMethod] = {
    method.id: method
    for method in (
        TrainingMethod(
            id="supervised",
            title="Supervised",
            description="Learns from the labels alone.",
            source="Wang et al., ICIP 2022, appendix (DAL); Wang et al., AAAI 2022, A.5 (gradnorm)",
            published=DAL_SIMULATED,
            trainer=SupervisedTrainer,
            uses_unlabeled=False,
        ),
        TrainingMethod(
            id="tod",
            title="Temporal output discrepancy",
            description="Keeps outputs on unlabeled volumes near those of a moving average of the weights.",
            source="Huang et al., ICCV 2021, eq. 6-9 (TOD)",
            published=_TOD,
            trainer=DiscrepancyTrainer,
        ),
        TrainingMethod(
            id="mean-model",
            title="Mean model",
            description="The same with the uniform mean of the weights.",
            source="Wang et al., ICIP 2022 (DAL), in our reading",
            published=DAL_SIMULATED.model_copy(update={"method": "mean-model"}),
            trainer=DiscrepancyTrainer,
        ),
        TrainingMethod(
            id="ac3d",
            title="Joint autoencoding",
            description="Classifies labeled volumes and reconstructs all in the same step.",
            source="Liu et al. (AC3D), eq. 3 and algorithm 1",
            published=_AC3D.model_copy(update={"method": "ac3d"}),
            trainer=JointTrainer,
            reconstructs=True,
        ),
        TrainingMethod(
            id="pretrained",
            title="Pretrained autoencoder",
            description="Learns to reconstruct unlabeled volumes first, then to classify the labeled ones.",
            source="Liu et al. (AC3D), section 4.2",
            published=_AC3D.model_copy(update={"method": "pretrained"}),
            trainer=CascadeTrainer,
            reconstructs=True,
        ),
        TrainingMethod(
            id="self-trained",
            title="Self-training",
            description="Trains on the unlabeled volumes it is surest of as if they were labeled.",
            source="Liu et al. (AC3D), section 4.2",
            published=_AC3D.model_copy(update={"method": "self-trained", "pseudo_label_threshold": 0.95}),
            trainer=SelfTrainer,
        ),
    )
}
