"""How many labels each class is expected to have, and what one more volume would do for the classes that lack them."""

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import PickTask


class ExpectedLabels:
    """n_k, the labels class k is expected to have, while a batch is picked among the m items at `places`.

    n_k starts as the sum of p_k over the labeled items, of which a trained model is as good as sure, and grows by p_k
    with each pick.
    """

    def __init__(self, pool: PoolOutputs, task: PickTask, places: NDArray[np.intp]) -> None:
        self._p = pool.probabilities[places]
        self._counts = np.nansum(pool.probabilities[task.labeled], axis=0)

    def lack(self) -> NDArray[np.float64]:
        """`(m,)`: sum_k p_k / (1 + n_k), what each item adds to sum_k log(1 + n_k). K multiplications an item."""
        found: NDArray[np.float64] = self._p @ (1.0 / (1.0 + self._counts))
        return found

    def take(self, index: int) -> None:
        """The item at `index` of the m goes into the batch."""
        self._counts = self._counts + self._p[index]
