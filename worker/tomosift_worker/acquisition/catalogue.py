"""The acquisition functions on offer, by id. A new one is one file and one line here."""

from tomosift_worker.acquisition.cod import COD
from tomosift_worker.acquisition.entropy import ENTROPY
from tomosift_worker.acquisition.entropy_gradnorm import ENTROPY_GRADNORM
from tomosift_worker.acquisition.expected_gradnorm import EXPECTED_GRADNORM
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.least_confidence import LEAST_CONFIDENCE
from tomosift_worker.acquisition.margin import MARGIN
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
        COD,
    )
}
