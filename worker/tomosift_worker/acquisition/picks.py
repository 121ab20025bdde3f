"""What a batch is picked from, which items may still go into it, and what was picked."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

NO_GROUP = -1


class Eligible:
    """Which of n items may still be picked.

    `candidates` `(n,)` are those that may be picked at all. Of each group of `tomograms` `(n,)` at most `tomogram_cap`
    are taken (items of group -1 have no tomogram and no cap). Of each of the `strata` `(n,)` at most an equal share of
    `count`, until whoever picks finds nothing else left and lets the shares grow.
    """

    def __init__(
        self,
        candidates: NDArray[np.bool_],
        count: int,
        *,
        tomograms: NDArray[np.int64] | None = None,
        tomogram_cap: int | None = None,
        strata: NDArray[np.int64] | None = None,
    ) -> None:
        self._free = candidates.copy()
        self._tomograms = tomograms if tomogram_cap is not None else None
        self._cap = tomogram_cap
        self._strata = strata
        self._blocked = np.zeros(len(candidates), np.bool_)
        self._taken_of_tomogram: dict[int, int] = {}
        self._taken_of_stratum: dict[int, int] = {}
        present = 0 if strata is None else np.unique(strata[candidates]).size
        self._share = -(-count // max(1, present))

    def among(self, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """`(m,)`: which of the items at m places may be picked now."""
        now: NDArray[np.bool_] = self._free[places] & ~self._blocked[places]
        return now

    def grow_shares(self, places: NDArray[np.intp]) -> bool:
        """Where only full strata keep the items at `places` out: shares one larger. False where nothing is left."""
        if not self._free[places].any():
            return False
        self._share += 1
        self._blocked[:] = False
        for stratum, taken in self._taken_of_stratum.items():
            if taken >= self._share:
                self._block(stratum)
        return True

    def _block(self, stratum: int) -> None:
        self._blocked |= self._strata == stratum

    def take(self, place: int) -> None:
        """The item at `place` goes into the batch."""
        self._free[place] = False
        if self._tomograms is not None and self._cap is not None and self._tomograms[place] != NO_GROUP:
            tomogram = int(self._tomograms[place])
            self._taken_of_tomogram[tomogram] = self._taken_of_tomogram.get(tomogram, 0) + 1
            if self._taken_of_tomogram[tomogram] >= self._cap:
                self._free &= self._tomograms != tomogram
        if self._strata is not None:
            stratum = int(self._strata[place])
            self._taken_of_stratum[stratum] = self._taken_of_stratum.get(stratum, 0) + 1
            if self._taken_of_stratum[stratum] >= self._share:
                self._block(stratum)


@dataclass(frozen=True)
class PickTask:
    """What a strategy is asked for: `wanted` items of those that are eligible, best first.

    `labeled` `(n,)` are items whose class is known. `batch` is how many the experts are asked about; `wanted` may be a
    few more, which step in where somebody decides about an item meanwhile.
    """

    eligible: Eligible
    labeled: NDArray[np.bool_]
    batch: int
    wanted: int


@dataclass
class Picks:
    """Places of the picked items, best first, what each was worth to the rule that chose it, and why, in a sentence."""

    places: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, place: int, value: float, reason: str) -> None:
        """One more."""
        self.places.append(int(place))
        self.values.append(float(value))
        self.reasons.append(reason)

    def __len__(self) -> int:
        return len(self.places)
