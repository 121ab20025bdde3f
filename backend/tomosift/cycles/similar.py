"""Particles that look like one, in the eyes of the cycle whose model serves the project."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from tomosift.cycles.embedding_index import EmbeddingIndex, most_similar, open_index
from tomosift.cycles.schemas import SimilarLabel, SimilarParticle, SimilarParticles
from tomosift.cycles.suggestion_rule import check_suggestion_may_be_seen
from tomosift.kit.artifacts import ArtifactMissing, ArtifactUnreadable
from tomosift.kit.problems import ProblemError, conflict, not_found
from tomosift.kit.serving_model import in_force
from tomosift.projects.shown_labels import Reader, has_decided, is_shown_to, read_hidden
from tomosift.tables import CurrentLabel, Cycle, EvaluationItem, Subtomogram

LABELED_KINDS = ("class", "junk")


@dataclass(frozen=True)
class SimilarSearch:
    """Whose embeddings to look at, and which items have a label that may be shown; `labels_withheld` says why none."""

    subtomogram_id: int
    cycle_number: int
    scores_key: str
    labeled_ids: NDArray[np.int64]
    labels_withheld: str | None


def begin_search(session: Session, reader: Reader, subtomogram_id: int) -> SimilarSearch:
    """What a search needs of the tables.

    Raises ProblemError: 404 where there is no such particle, 409 where no cycle has looked at the pool, or the particle
    is an evaluation item that this user has not decided yet: what it resembles would tell what it is.
    """
    row = session.execute(
        select(and_(EvaluationItem.subtomogram_id.is_not(None), ~has_decided(reader, Subtomogram.id)).label("is_blind"))
        .select_from(Subtomogram)
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
        .where(Subtomogram.id == subtomogram_id, Subtomogram.project_id == reader.project_id)
    ).one_or_none()
    if row is None:
        raise not_found("subtomogram")
    if row.is_blind:
        raise conflict(
            "evaluation-item",
            "This particle measures the model",
            "It is decided blind: label it when the queue asks for it, then see what it resembles.",
        )
    cycle = session.execute(
        select(Cycle.number, Cycle.scores_key)
        .where(Cycle.project_id == reader.project_id, Cycle.stage == "ready", Cycle.scores_key.is_not(None), in_force())
        .order_by(Cycle.number.desc())
        .limit(1)
    ).one_or_none()
    if cycle is None:
        raise conflict("no-embeddings", "No cycle has looked at the pool", "Launch a cycle; it makes what this needs.")
    withheld = _why_withheld(session, reader, subtomogram_id)
    if withheld is not None:
        return SimilarSearch(subtomogram_id, cycle.number, cycle.scores_key, np.empty(0, np.int64), withheld)
    labeled = session.scalars(
        select(CurrentLabel.subtomogram_id).where(
            CurrentLabel.project_id == reader.project_id,
            CurrentLabel.kind.in_(LABELED_KINDS),
            ~exists().where(EvaluationItem.subtomogram_id == CurrentLabel.subtomogram_id),
        )
    )
    hidden = read_hidden(session, reader)
    shown = np.fromiter((each for each in labeled if each not in hidden), np.int64)
    return SimilarSearch(subtomogram_id, cycle.number, cycle.scores_key, shown, None)


def find_similar(store_url: str, search: SimilarSearch, count: int) -> tuple[list[tuple[int, float]], ...]:
    """The `count` most similar of the pool and of the labeled: ids with cosines, most similar first. No tables.

    Raises ProblemError 404 where the cycle has not looked at this particle, 409 where its embeddings are gone.
    """
    try:
        index = open_index(store_url, search.scores_key)
        similarities = index.similarities(search.subtomogram_id)
    except KeyError as error:
        if isinstance(error, ArtifactMissing):
            raise _gone(search.cycle_number) from error
        raise ProblemError(
            404,
            "no-embedding",
            "The newest cycle has not looked at this particle",
            f"It came after cycle {search.cycle_number}, was not in the part of the pool that this cycle scored, or "
            "its voxels are no numbers. Launch another cycle.",
        ) from error
    except ArtifactUnreadable as error:
        raise _gone(search.cycle_number) from error
    others = index.item_ids != search.subtomogram_id
    labeled = others & np.isin(index.item_ids, search.labeled_ids)
    return tuple(_pairs(index, similarities, allowed, count) for allowed in (others, labeled))


def show_similar(
    session: Session,
    reader: Reader,
    slug: str,
    search: SimilarSearch,
    found: tuple[list[tuple[int, float]], ...],
) -> SimilarParticles:
    """The particles found, with the labels that this reader may see; those of evaluation items are told to nobody."""
    wanted = {each for part in found for each, _ in part}
    rows = session.execute(
        select(Subtomogram, CurrentLabel, and_(is_shown_to(reader), EvaluationItem.subtomogram_id.is_(None)))
        .select_from(Subtomogram)
        .outerjoin(CurrentLabel, CurrentLabel.subtomogram_id == Subtomogram.id)
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
        .where(Subtomogram.id.in_(wanted), Subtomogram.project_id == reader.project_id)
    )
    shown, hides_all = {}, search.labels_withheld is not None
    for particle, label, is_shown in rows:
        shown[particle.id] = {
            "id": particle.id,
            "name": particle.name,
            "volume_url": f"/api/v1/projects/{slug}/subtomograms/{particle.id}/volume?h={particle.content_hash}",
            "label": None if hides_all or label is None or not is_shown else SimilarLabel.model_validate(label),
        }
    # What was deleted since the cycle is left out.
    everything, labeled = (
        [SimilarParticle(similarity=cosine, **shown[each]) for each, cosine in part if each in shown] for part in found
    )
    return SimilarParticles(
        cycle_number=search.cycle_number, labels_withheld=search.labels_withheld, items=everything, labeled=labeled
    )


def _why_withheld(session: Session, reader: Reader, subtomogram_id: int) -> str | None:
    """What resembles it suggests what it is: the rule is that of the model's suggestions."""
    try:
        check_suggestion_may_be_seen(session, reader.project_id, reader.user_id, subtomogram_id)
    except ProblemError as problem:
        return problem.detail
    return None


def _pairs(
    index: EmbeddingIndex, similarities: NDArray[np.float32], allowed: NDArray[np.bool_], count: int
) -> list[tuple[int, float]]:
    places = most_similar(similarities, allowed, count)
    return [(int(index.item_ids[place]), round(float(similarities[place]), 6)) for place in places]


def _gone(cycle_number: int) -> ProblemError:
    return conflict(
        "no-embeddings", "The embeddings are gone", f"What cycle {cycle_number} stored cannot be read. Launch a cycle."
    )
