"""What each person has done in a project, and how often they agree."""

import uuid
from collections import defaultdict
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from tomosift.review.agreement import wilson
from tomosift.review.counted_opinions import SAID
from tomosift.review.figures_cache import FiguresCache
from tomosift.review.schemas import AnnotatorsOut, AnnotatorStatistics, ClassStatistics, Share

_TOTALS = text("""
    SELECT u.id, u.name, u.display_name,
           count(*) FILTER (WHERE e.kind = 'skip') AS skipped,
           count(*) FILTER (WHERE e.work = 'adjudication' AND e.kind IN ('class', 'junk', 'unsure')) AS adjudications,
           count(*) FILTER (WHERE e.comment IS NOT NULL) AS comments,
           count(*) FILTER (WHERE e.late) AS late,
           count(*) FILTER (
               WHERE e.kind IN ('class', 'junk', 'unsure') AND e.created_at > now() - interval '24 hours'
           ) AS last_24_hours,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY e.duration_ms) / 1000 AS median_seconds
    FROM label_event e JOIN user_account u ON u.id = e.user_id
    WHERE e.project_id = :project AND u.kind <> 'importer' AND e.kind <> 'undo'
      AND NOT EXISTS (SELECT 1 FROM label_event undo WHERE undo.undoes_event_id = e.id)
    GROUP BY u.id ORDER BY u.name
""")
# By person and value: opinions; other people's about the same, and those that agree; and, where others decided too,
# those that are the label, and those that are what somebody else adjudicated (in the evaluation sample).
_BY_VALUE = text(f"""
    WITH o AS MATERIALIZED ({SAID.format(condition="")}),
    several AS MATERIALIZED (
        SELECT o.*, l.kind || coalesce(l.class_id::text, '') AS label, l.rule = 'adjudicated' AS is_adjudicated,
               l.rule = 'adjudicated' AND w.user_id <> o.user_id AS by_another,
               s.subtomogram_id IS NOT NULL AS in_evaluation
        FROM o JOIN current_label l ON l.subtomogram_id = o.subtomogram_id AND l.opinion_count > 1
        JOIN label_event w ON w.id = l.event_id
        LEFT JOIN evaluation_item s ON s.subtomogram_id = o.subtomogram_id
    ), pairs AS (
        SELECT a.user_id, a.said, count(*) AS pairs, count(*) FILTER (WHERE a.said = b.said) AS equal_pairs
        FROM several a JOIN several b ON b.subtomogram_id = a.subtomogram_id AND b.user_id <> a.user_id
        GROUP BY a.user_id, a.said
    ), labels AS (
        SELECT user_id, said,
               count(*) FILTER (WHERE NOT is_adjudicated) AS shared,
               count(*) FILTER (WHERE NOT is_adjudicated AND said = label) AS consensual,
               count(*) FILTER (WHERE by_another) AS settled,
               count(*) FILTER (WHERE by_another AND said = label) AS right,
               count(*) FILTER (WHERE by_another AND in_evaluation) AS evaluated,
               count(*) FILTER (WHERE by_another AND in_evaluation AND said = label) AS evaluated_right
        FROM several GROUP BY user_id, said
    ), counts AS (
        SELECT user_id, said, kind, class_id, count(*) AS decisions FROM o GROUP BY user_id, said, kind, class_id
    )
    SELECT * FROM counts LEFT JOIN pairs USING (user_id, said) LEFT JOIN labels USING (user_id, said)
    ORDER BY decisions DESC, said
""")  # noqa: S608 - a constant of this room


def annotator_statistics(session: Session, project_id: uuid.UUID) -> AnnotatorsOut:
    """Everybody's statistics, by name, as of the newest event."""
    return _CACHE.read(session, project_id)


def _work_out(session: Session, project_id: uuid.UUID, newest: int) -> AnnotatorsOut:
    by_person: dict[uuid.UUID, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(_BY_VALUE, {"project": project_id}):
        by_person[row.user_id].append(row)
    totals = session.execute(_TOTALS, {"project": project_id}).all()
    return AnnotatorsOut(as_of_event_id=newest, annotators=[_person(row, by_person[row.id]) for row in totals])


_CACHE = FiguresCache(_work_out)


def _person(totals: Row[Any], rows: list[Row[Any]]) -> AnnotatorStatistics:
    return AnnotatorStatistics(
        user=totals.name,
        display_name=totals.display_name,
        decisions=sum(row.decisions for row in rows),
        skipped=totals.skipped,
        adjudications=totals.adjudications,
        comments=totals.comments,
        late=totals.late,
        last_24_hours=totals.last_24_hours,
        median_seconds=totals.median_seconds,
        with_others=_share(rows, "equal_pairs", "pairs"),
        with_consensus=_share(rows, "consensual", "shared"),
        with_adjudicator=_share(rows, "right", "settled"),
        in_evaluation=_share(rows, "evaluated_right", "evaluated"),
        by_value=[
            ClassStatistics(
                kind=row.kind,
                class_id=row.class_id,
                decisions=row.decisions,
                with_others=_share([row], "equal_pairs", "pairs"),
            )
            for row in rows
        ],
    )


def _share(rows: list[Row[Any]], hits: str, of: str) -> Share:
    n = sum(getattr(row, of) or 0 for row in rows)
    right = sum(getattr(row, hits) or 0 for row in rows)
    low, high = wilson(right, n) if n else (None, None)
    return Share(n=n, value=right / n if n else None, low=low, high=high)
