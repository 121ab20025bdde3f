"""Reading the pool: lists by keyset, one subtomogram with every column of its list, its voxels for the browser."""

import io
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session

from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.problems import invalid, not_found
from tomosift.kit.settings import get_settings
from tomosift.projects.shown_labels import Reader, is_evaluation_item, is_shown_to, read_hidden
from tomosift.tables import CurrentLabel, Source, Subtomogram, UnlabeledSubtomogram
from tomosift.volumes.store import VolumeArray, VolumeStore

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_LABEL_FILTER = re.compile(r"unlabeled|junk|unsure|class:[0-9a-f-]{36}")
OPEN_SOURCES = 32


@dataclass(frozen=True)
class LabelFilter:
    """Which labels to list: `kind` None means no standing decision."""

    kind: str | None
    class_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Prediction:
    """A class that came with an import as a hint; `confidence` from 0 to 1, None where the file gave none."""

    class_id: uuid.UUID | None
    confidence: float | None


def parse_label_filter(text: str | None) -> LabelFilter | None:
    """`unlabeled`, `junk`, `unsure` or `class:<id>`. Raises ProblemError 422 for anything else."""
    if text is None:
        return None
    if not _LABEL_FILTER.fullmatch(text):
        raise _bad_filter()
    if text == "unlabeled":
        return LabelFilter(None)
    kind, _, class_id = text.partition(":")
    try:
        return LabelFilter(kind, uuid.UUID(class_id) if class_id else None)
    except ValueError as error:
        raise _bad_filter() from error


def list_subtomograms(
    session: Session,
    project_id: uuid.UUID,
    reader: Reader,
    *,
    limit: int,
    after_id: int | None,
    label: LabelFilter | None,
    tomogram: str | None,
    predicted: uuid.UUID | None = None,
) -> Sequence[tuple[Subtomogram, CurrentLabel | None]]:
    """Up to `limit` subtomograms by id, after `after_id`, with the labels that `reader` may see.

    One whose label they may not see is listed as if it had none.
    `predicted`: only those that imported predictions give this class; none of the evaluation sample, which is blind.
    """
    page = select(Subtomogram.id).where(Subtomogram.project_id == project_id).order_by(Subtomogram.id).limit(limit)
    if after_id is not None:
        page = page.where(Subtomogram.id > after_id)
    if tomogram is not None:
        page = page.where(Subtomogram.tomogram == tomogram)
    if predicted is not None:
        page = page.where(Subtomogram.predicted_class_id == predicted, ~is_evaluation_item())
    if label is None:
        return _rows(session, reader, page)
    if label.kind is None:
        # Two short lists: an outer join would pass over every labeled item on its way.
        unlabeled = page.join(UnlabeledSubtomogram, UnlabeledSubtomogram.subtomogram_id == Subtomogram.id)
        if after_id is not None:
            unlabeled = unlabeled.where(UnlabeledSubtomogram.subtomogram_id > after_id)
        without = _rows(session, reader, unlabeled.where(UnlabeledSubtomogram.project_id == project_id))
        hidden = _rows(session, reader, page.where(Subtomogram.id.in_(read_hidden(session, reader))))
        return sorted([*without, *hidden], key=lambda row: row[0].id)[:limit]
    labeled = page.join(CurrentLabel, and_(CurrentLabel.subtomogram_id == Subtomogram.id, is_shown_to(reader)))
    labeled = labeled.where(CurrentLabel.kind == label.kind, CurrentLabel.project_id == project_id)
    if label.class_id is not None:
        labeled = labeled.where(CurrentLabel.class_id == label.class_id)
    return _rows(session, reader, labeled)


def _rows(session: Session, reader: Reader, page: Select[Any]) -> list[tuple[Subtomogram, CurrentLabel | None]]:
    """The subtomograms of a page of ids with the labels that `reader` may see."""
    ids = page.subquery()
    rows = session.execute(
        select(Subtomogram, CurrentLabel, is_shown_to(reader))
        .join(ids, ids.c.id == Subtomogram.id)
        .outerjoin(CurrentLabel, CurrentLabel.subtomogram_id == Subtomogram.id)
        .order_by(Subtomogram.id)
    )
    return [(subtomogram, current if is_shown else None) for subtomogram, current, is_shown in rows]


def shown_predictions(session: Session, rows: Sequence[Subtomogram]) -> dict[int, Prediction]:
    """The imported predictions of these subtomograms, by id; none for the evaluation sample, which is blind."""
    predicted = {row.id: row for row in rows if row.predicted_class_id is not None}
    shown = session.scalars(select(Subtomogram.id).where(Subtomogram.id.in_(predicted), ~is_evaluation_item()))
    return {
        each: Prediction(predicted[each].predicted_class_id, predicted[each].predicted_confidence) for each in shown
    }


def find_subtomogram(
    session: Session, project_id: uuid.UUID, subtomogram_id: int
) -> tuple[Subtomogram, Source, CurrentLabel | None]:
    """A subtomogram of the project with its source and label. Raises ProblemError 404."""
    row = session.execute(
        select(Subtomogram, Source, CurrentLabel)
        .join(Source, Source.id == Subtomogram.source_id)
        .outerjoin(CurrentLabel, CurrentLabel.subtomogram_id == Subtomogram.id)
        .where(Subtomogram.id == subtomogram_id, Subtomogram.project_id == project_id)
    ).one_or_none()
    if row is None:
        raise not_found("subtomogram")
    subtomogram, source, label = row
    return subtomogram, source, label


def volume_url(slug: str, subtomogram: Subtomogram | Row[Any]) -> str:
    """Where the browser gets its voxels; the hash makes the address change when the content does.

    A row has the columns `id` and `content_hash`.
    """
    return f"/api/v1/projects/{slug}/subtomograms/{subtomogram.id}/volume?h={subtomogram.content_hash}"


def read_volume(volumes_key: str, source_row: int) -> NDArray[np.float32]:
    """The voxels, `(z, y, x)`. Raises VolumeStoreProblem if they are gone."""
    return np.asarray(open_source(get_settings().effective_store_url, volumes_key).read([source_row])[0])


def read_columns(source: Source, source_row: int) -> dict[str, str]:
    """Every input column of one row, as text. Raises ArtifactMissing if the table is gone."""
    import pyarrow.parquet as pq

    store = ArtifactStore(get_settings().effective_store_url)
    path = store.local_path(source.table_key)
    with pq.ParquetFile(path if path is not None else io.BytesIO(store.read_bytes(source.table_key))) as table:
        row = _row_of(table, source_row)
    return {name: str(values[0]) for name, values in row.to_pydict().items()}


def _row_of(table: "pq.ParquetFile", wanted: int) -> "pa.Table":
    first = 0
    for group in range(table.num_row_groups):
        count = table.metadata.row_group(group).num_rows
        if wanted < first + count:
            return table.read_row_group(group).slice(wanted - first, 1)
        first += count
    raise IndexError(f"the table has {first} rows, not {wanted + 1}")


@lru_cache(maxsize=OPEN_SOURCES)
def open_source(store_url: str, volumes_key: str) -> VolumeArray:
    """The volumes of a source; those used last stay open. Raises VolumeStoreProblem."""
    return VolumeStore(store_url).open(volumes_key)


def _bad_filter() -> Exception:
    return invalid(
        "bad-filter", "Not a label filter", "Use unlabeled, junk, unsure or class:<id> (the ids are in the project)."
    )
