"""The job that puts what the serving cycle's model says of each subtomogram into rows that Postgres can sort."""

import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray
from psycopg import Connection
from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from tomosift.kit import job_control
from tomosift.kit.artifacts import ArtifactMissing, ArtifactStore, ArtifactUnreadable
from tomosift.kit.database import transaction
from tomosift.kit.problems import conflict
from tomosift.kit.running_job import RunningJob
from tomosift.kit.serving_model import serving_cycle
from tomosift.kit.settings import get_settings
from tomosift.kit.stored_columns import StoredColumns, most_likely, open_columns
from tomosift.tables import Cycle, Job, Model, Prediction

ROWS_AT_ONCE = 50_000

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_COPY = "COPY prediction (cycle_id, subtomogram_id, output, confidence, score, unlike) FROM STDIN (FORMAT csv)"
_DELETE_OTHERS = text("""
    DELETE FROM prediction WHERE ctid = ANY(ARRAY(
        SELECT p.ctid FROM prediction p
        WHERE p.cycle_id IN (
            SELECT c.id FROM cycle c WHERE c.project_id = :project AND c.id IS DISTINCT FROM CAST(:serving AS uuid)
        )
        LIMIT :rows
    ))
""")


def run_store_predictions(job: RunningJob) -> None:
    """Write the rows of the cycle that serves in one transaction, unless they are there, then delete all others.

    Whatever kills it, the next attempt does what is left. Raises ProblemError 409 where the cycle's outputs are gone.
    """
    with transaction() as session:
        project_id = session.get_one(Job, job.claim.job_id).project_id
    assert project_id is not None  # a job of this kind has one
    with transaction() as session:
        serving = _locked_serving_cycle(session, project_id)
        stored = 0 if serving is None else _store(session, job, serving)
        job_control.hold(session, job.claim.job_id, job.claim.token)
    while _delete_some_others(project_id):
        job.check()
    with transaction() as session:
        number = None if serving is None else serving.number
        result = {"cycle": number, "stored": stored}
        job_control.finish(session, job.claim.job_id, job.claim.token, "succeeded", result=result)
        if serving is not None:
            job_control.announce(session, project_id, "cycle", number=number, stage="ready")


def _locked_serving_cycle(session: Session, project_id: uuid.UUID) -> Cycle | None:
    """The cycle that serves now. No other job changes the project's rows until this transaction ends."""
    session.execute(_LOCK, {"name": f"predictions:{project_id}"})
    return serving_cycle(session, project_id)


def _delete_some_others(project_id: uuid.UUID) -> bool:
    """Delete some rows of cycles that do not serve; False if there were none."""
    with transaction() as session:
        serving = _locked_serving_cycle(session, project_id)
        values = {"project": project_id, "serving": None if serving is None else serving.id, "rows": ROWS_AT_ONCE}
        return bool(session.execute(_DELETE_OTHERS, values).rowcount)  # type: ignore[attr-defined]  # of a DELETE


def _store(session: Session, job: RunningJob, cycle: Cycle) -> int:
    """Copy the cycle's outputs into rows; returns how many, 0 where they are there already."""
    if session.scalar(select(exists().where(Prediction.cycle_id == cycle.id))):
        return 0
    model = session.scalars(select(Model).where(Model.cycle_id == cycle.id)).one()
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)
    stored = 0
    try:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for rows in prediction_rows(ArtifactStore(get_settings().effective_store_url), cycle, len(model.classes)):
                job.check()
                stored += rows.num_rows
                copy.write(_csv(cycle.id, rows))
    except (ArtifactMissing, ArtifactUnreadable) as error:
        detail = f"What cycle {cycle.number} stored cannot be read. Launch a cycle to have predictions again."
        raise conflict("store-incomplete", "The store is incomplete", detail) from error
    session.execute(text("ANALYZE prediction"))  # else the first lists are planned as if there were no such rows
    return stored


def prediction_rows(store: ArtifactStore, cycle: Cycle, class_count: int) -> Iterator[pa.Table]:
    """The rows of a cycle, some at a time: `subtomogram_id`, `output`, `confidence`, `score`, `unlike`, each id once.

    Confidence is the largest of softmax(z / T) (Guo et al., ICML 2017). What has none is left out. Raises
    ArtifactMissing, ArtifactUnreadable.
    """
    metrics = cycle.metrics or {}
    temperature = (metrics.get("calibration") or {}).get("temperature") or 1.0
    of_sample: NDArray[np.int64] = np.empty(0, np.int64)
    for key in (metrics.get("evaluation_key"), cycle.scores_key):
        if key is None:
            continue
        with open_columns(store, str(key)) as columns:
            if columns.width("logits") != class_count:
                raise ArtifactUnreadable(f"the outputs in {key!r} do not fit the model's {class_count} classes")
            for ids, logits, score, unlike in _parts(columns):
                output, share = most_likely(logits, temperature)
                wanted = np.isfinite(share) & ~np.isin(ids, of_sample)
                yield pa.table(
                    {
                        "subtomogram_id": ids[wanted],
                        "output": output[wanted].astype(np.int16),
                        "confidence": share[wanted].astype(np.float32),
                        "score": _nullable(score[wanted]),
                        "unlike": _nullable(unlike[wanted]),
                    }
                )
                if key != cycle.scores_key:
                    of_sample = np.concatenate([of_sample, ids])


def _parts(columns: StoredColumns) -> Iterator[tuple[NDArray[np.int64], NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Ids, logits, score and unlikeness, NaN for columns that were not stored."""
    optional = [name for name in ("score", "unlike") if name in columns]
    for ids, logits, *rest in columns.parts("item_ids", "logits", *optional):
        there = dict(zip(optional, rest, strict=True))
        nothing = np.full(len(ids), np.nan, np.float32)
        yield ids, logits, there.get("score", nothing), there.get("unlike", nothing)


def _nullable(values: NDArray[Any]) -> pa.Array:
    return pa.array(values.astype(np.float32), mask=~np.isfinite(values))


def _csv(cycle_id: uuid.UUID, rows: pa.Table) -> memoryview:
    cycle = pa.repeat(str(cycle_id), rows.num_rows)
    out = pa.BufferOutputStream()
    options = pacsv.WriteOptions(include_header=False, quoting_style="none")
    pacsv.write_csv(rows.add_column(0, "cycle_id", cycle), out, options)
    return memoryview(out.getvalue())
