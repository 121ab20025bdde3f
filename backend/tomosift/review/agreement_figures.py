"""How far the people of a project agree, from its events."""

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from tomosift.review.agreement import Agreement, cohen_kappa, fleiss_kappas
from tomosift.review.counted_opinions import ABOUT_SEVERAL, SAID
from tomosift.review.figures_cache import FiguresCache
from tomosift.review.schemas import AgreementOut, Kappa, PairKappa, ValueKappa

# What was said of a subtomogram, as one sorted list of values: there are few different ones.
_PATTERNS = text(f"""
    WITH o AS ({SAID.format(condition=ABOUT_SEVERAL)}),
    item AS (SELECT array_agg(said ORDER BY said) AS pattern FROM o GROUP BY subtomogram_id HAVING count(*) > 1)
    SELECT pattern, count(*) AS times FROM item GROUP BY pattern ORDER BY pattern
""")  # noqa: S608 - constants of this room
_PAIRS = text(f"""
    WITH o AS MATERIALIZED ({SAID.format(condition=ABOUT_SEVERAL)})
    SELECT ua.name AS first, ub.name AS second, a.said AS first_said, b.said AS second_said, count(*) AS times
    FROM o a
    JOIN o b ON b.subtomogram_id = a.subtomogram_id
    JOIN user_account ua ON ua.id = a.user_id
    JOIN user_account ub ON ub.id = b.user_id
    WHERE ua.name < ub.name
    GROUP BY ua.name, ub.name, a.said, b.said
""")  # noqa: S608


def project_agreement(session: Session, project_id: uuid.UUID) -> AgreementOut:
    """All figures of agreement, as of the newest event."""
    return _CACHE.read(session, project_id)


def _work_out(session: Session, project_id: uuid.UUID, newest: int) -> AgreementOut:
    patterns = session.execute(_PATTERNS, {"project": project_id}).all()
    values = sorted({value for row in patterns for value in row.pattern})
    counts = np.array([[row.pattern.count(value) for value in values] for row in patterns], np.int64)
    counts = counts.reshape(len(patterns), len(values))
    times = np.array([row.times for row in patterns], np.int64)
    kappas = fleiss_kappas(counts, times)
    return AgreementOut(
        as_of_event_id=newest,
        subtomograms=int(times.sum()),
        opinions=int(counts.sum(axis=1) @ times),
        overall=_kappa(Kappa, kappas.overall, int(times.sum())),
        by_value=[
            _kappa(
                ValueKappa,
                kappas.by_value[place],
                int(times[counts[:, place] > 0].sum()),
                opinions=int(counts[:, place] @ times),
                **_value(value),
            )
            for place, value in enumerate(values)
        ],
        pairs=_pairs(session.execute(_PAIRS, {"project": project_id}).all()),
    )


_CACHE = FiguresCache(_work_out)


def _pairs(rows: Sequence[Row[Any]]) -> list[PairKappa]:
    values = sorted({value for row in rows for value in (row.first_said, row.second_said)})
    number = {value: place for place, value in enumerate(values)}
    tables: dict[tuple[str, str], Any] = {}
    for row in rows:
        table = tables.setdefault((row.first, row.second), np.zeros((len(values), len(values))))
        table[number[row.first_said], number[row.second_said]] = row.times
    pairs = [_kappa(PairKappa, cohen_kappa(table), int(table.sum()), users=users) for users, table in tables.items()]
    return sorted(pairs, key=lambda pair: (-pair.n, pair.users))


def _kappa(form: Any, agreement: Agreement, n: int, **more: Any) -> Any:
    return form(n=n, observed=agreement.observed, value=agreement.value, low=agreement.low, high=agreement.high, **more)


def _value(said: str) -> dict[str, Any]:
    """`class<id>`, `junk` or `unsure` as fields."""
    return {"kind": "class", "class_id": said[5:]} if said.startswith("class") else {"kind": said, "class_id": None}
