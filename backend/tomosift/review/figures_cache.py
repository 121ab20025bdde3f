"""Figures over all events of a project are worked out once for each newest event."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tomosift.kit.label_jobs import LABELS_JOB
from tomosift.tables import Job, LabelEvent

Figures = TypeVar("Figures")
MOST_PROJECTS = 32


class FiguresCache(Generic[Figures]):
    """Keeps what `work` made of a project, until there is a further event or its labels were derived anew."""

    def __init__(self, work: Callable[[Session, uuid.UUID, int], Figures]) -> None:
        self._work = work
        self._kept: OrderedDict[uuid.UUID, tuple[Any, Figures]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, session: Session, project_id: uuid.UUID) -> Figures:
        """The figures as of the newest event."""
        newest = session.scalar(select(func.max(LabelEvent.id)).where(LabelEvent.project_id == project_id)) or 0
        derived = select(func.max(Job.finished_at)).where(Job.project_id == project_id, Job.kind == LABELS_JOB)
        state = (newest, session.scalar(derived))
        with self._lock:
            kept = self._kept.get(project_id)
        if kept is not None and kept[0] == state:
            return kept[1]
        figures = self._work(session, project_id, newest)
        with self._lock:
            self._kept[project_id] = (state, figures)
            self._kept.move_to_end(project_id)
            while len(self._kept) > MOST_PROJECTS:
                self._kept.popitem(last=False)
        return figures
