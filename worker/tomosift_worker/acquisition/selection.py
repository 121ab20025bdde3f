"""A batch from the pool: the best by score, or a strategy's picks, under the rules that compose with each of them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomosift_worker.acquisition.clusters import k_means
from tomosift_worker.acquisition.core_set import farthest_first
from tomosift_worker.acquisition.embedding_space import is_usable
from tomosift_worker.acquisition.function import AcquisitionFunction
from tomosift_worker.acquisition.outputs import PoolOutputs
from tomosift_worker.acquisition.picks import Eligible, Picks, PickTask
from tomosift_worker.acquisition.settings import ScoringSettings, SelectionSettings
from tomosift_worker.acquisition.tie_break import uniform_by_id

UNLIKE_THE_OTHERS = "Of the best by this score, it is unlike the other picks."
ONE_OF_ITS_KIND = "Of the best by this score, it stands for a group of look-alikes."


@dataclass(frozen=True)
class BatchRequest:
    """A batch of `count` of the `candidates` `(n,)`, and `spare` more that step in where some are decided meanwhile.

    `labeled` `(n,)` are items whose class is known; `tomograms` `(n,)` numbers of their tomograms, -1 for none.
    """

    count: int
    candidates: NDArray[np.bool_]
    labeled: NDArray[np.bool_]
    tomograms: NDArray[np.int64]
    spare: int = 0


def pick_batch(
    function: AcquisitionFunction,
    pool: PoolOutputs,
    scores: NDArray[np.float64] | None,
    scoring: ScoringSettings,
    selection: SelectionSettings,
    request: BatchRequest,
) -> Picks:
    """The batch, best first; fewer where there are fewer candidates, or where the cap of each tomogram is reached.

    `scores` `(n,)` are the function's, None where it is a strategy (for which `diversify` does nothing).
    """
    strata = pool.logits.argmax(axis=1) if selection.stratify and pool.logits.shape[1] > 1 else None
    eligible = Eligible(
        request.candidates,
        request.count,
        tomograms=request.tomograms,
        tomogram_cap=selection.tomogram_cap,
        strata=strata,
    )
    task = PickTask(eligible, request.labeled, request.count, request.count + request.spare)
    picks = Picks()
    if scores is None:
        assert function.select is not None
        picks = function.select(pool, scoring, task)
    else:
        order = ranked(scores, pool.item_ids, pool.seed, request.candidates)
        if selection.diversify != "none":
            leading = Picks()
            most = math.ceil(selection.beta * task.wanted)
            # The best of each stratum, so that there is something to spread the batch over.
            among_best = PickTask(Eligible(request.candidates, most, strata=strata), request.labeled, most, most)
            take_in_order(order, scores, among_best, leading, "")
            spread = _unlike_one_another if selection.diversify == "k-center" else _one_of_each_kind
            best = np.array(leading.places, np.intp)
            spread(pool, best[is_usable(pool)[best]], scores, task, picks, function.reason)
        take_in_order(order, scores, task, picks, function.reason)
    return _with_rules(picks, selection, stratified=strata is not None)


def ranked(
    scores: NDArray[np.floating],
    item_ids: NDArray[np.int64],
    seed: int = 0,
    candidates: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """Places of the items by score, the highest first; `candidates` `(n,)` leaves items out.

    Ties are settled by seed and item id: the same order whatever the order of the pool, and no favour for what was
    imported first. Scores that are no number come last.
    """
    if not len(scores) == len(item_ids):
        raise ValueError(f"{len(scores)} scores but {len(item_ids)} item ids")
    places = np.arange(len(scores)) if candidates is None else np.flatnonzero(candidates)
    known = np.where(np.isfinite(scores[places]), scores[places], -np.inf)
    return places[np.lexsort((uniform_by_id(item_ids[places], seed), -known))]


def take_in_order(
    order: NDArray[np.intp], scores: NDArray[np.float64], task: PickTask, picks: Picks, reason: str
) -> None:
    """Add the eligible items of `order` to `picks`, the first before, until there are as many as wanted."""
    while len(picks) < task.wanted:
        for place in order[task.eligible.among(order)]:
            if len(picks) == task.wanted:
                return
            # The item before may have filled this one's tomogram or stratum.
            if task.eligible.among(np.array([place]))[0]:
                picks.add(place, scores[place], reason)
                task.eligible.take(int(place))
        if len(picks) < task.wanted and not task.eligible.grow_shares(order):
            return


def _unlike_one_another(
    pool: PoolOutputs, leading: NDArray[np.intp], scores: NDArray[np.float64], task: PickTask, picks: Picks, reason: str
) -> None:
    """k-center greedy among the leading, beginning with the very best."""
    points = pool.embeddings[leading].astype(np.float32)
    nearest = np.full(len(leading), np.inf, np.float32)
    farthest_first(points, leading, nearest, task, picks, f"{reason} {UNLIKE_THE_OTHERS}")
    picks.values = [float(scores[place]) for place in picks.places]


def _one_of_each_kind(
    pool: PoolOutputs, leading: NDArray[np.intp], scores: NDArray[np.float64], task: PickTask, picks: Picks, reason: str
) -> None:
    """Cluster-margin (Citovsky et al., NeurIPS 2021): clusters in turn, the smallest first, the best of each.

    The clusters are those of k-means among the leading, as many as the batch; the paper's are of the whole pool, by
    average linkage, which takes memory with its square.
    """
    cluster = k_means(pool.embeddings[leading].astype(np.float32), task.batch, pool.seed)
    members = [leading[cluster == each] for each in np.argsort(np.bincount(cluster), kind="stable")]
    while len(picks) < task.wanted:
        before = len(picks)
        for each in members:
            now = task.eligible.among(each)
            if len(picks) < task.wanted and now.any():
                best = int(each[np.argmax(now)])  # they lie in the order of their scores
                picks.add(best, scores[best], f"{reason} {ONE_OF_ITS_KIND}")
                task.eligible.take(best)
        if len(picks) == before and not task.eligible.grow_shares(leading):
            return


def _with_rules(picks: Picks, selection: SelectionSettings, *, stratified: bool) -> Picks:
    """The reasons with a sentence for each rule that held for the whole batch."""
    rules = []
    if stratified:
        rules.append("The batch takes from each class the model sees in turn.")
    if selection.tomogram_cap is not None:
        rules.append(f"At most {selection.tomogram_cap} of the batch come from one tomogram.")
    if rules:
        picks.reasons = [" ".join([reason, *rules]) for reason in picks.reasons]
    return picks
