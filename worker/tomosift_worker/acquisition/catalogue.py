"""The acquisition functions on offer, by id. A new one is one file and one line here."""

from tomosift_worker.acquisition.badge import BADGE
from tomosift_worker.acquisition.bald import BALD
from tomosift_worker.acquisition.cod import COD
from tomosift_worker.acquisition.core_set import CORE_SET
from tomosift_worker.acquisition.egl import EGL
from tomosift_worker.acquisition.entropy import ENTROPY
from tomosift_worker.acquisition.entropy_gradnorm import ENTROPY_GRADNORM
from tomosift_worker.acquisition.even_classes import EVEN_CLASSES
from tomosift_worker.acquisition.expected_gradnorm import EXPECTED_GRADNORM
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.least_confidence import LEAST_CONFIDENCE
from tomosift_worker.acquisition.ll4al import LL4AL
from tomosift_worker.acquisition.margin import MARGIN
from tomosift_worker.acquisition.mc_dropout import MC_DROPOUT
from tomosift_worker.acquisition.mean_model import MEAN_MODEL
from tomosift_worker.acquisition.probcover import PROBCOVER
from tomosift_worker.acquisition.rare_badge import RARE_BADGE
from tomosift_worker.acquisition.tod_ema import TOD_EMA
from tomosift_worker.acquisition.typiclust import TYPICLUST
from tomosift_worker.acquisition.uniform_random import RANDOM

ACQUISITION_FUNCTIONS: dict[str, AcquisitionFunction] = {
    function.id: function
    for function in (
        RANDOM,
        ENTROPY,
        MARGIN,
        LEAST_CONFIDENCE,
        ENTROPY_GRADNORM,
        EXPECTED_GRADNORM,
        EGL,
        COD,
        TOD_EMA,
        MEAN_MODEL,
        MC_DROPOUT,
        BALD,
        LL4AL,
        CORE_SET,
        BADGE,
        RARE_BADGE,
        EVEN_CLASSES,
        TYPICLUST,
        PROBCOVER,
    )
}
