"""A simulated annotator: answers what the queue asks from the known truth, over REST, as a person's browser would."""

import csv
from collections.abc import Callable
from pathlib import Path

from tomosift.annotation.schemas import Task
from tomosift.client import Tomosift

AT_ONCE = 8
JUNK = "junk"


def read_truth(path: Path) -> dict[str, str]:
    """True classes by the particles' names, from a simulation's `truth.csv`. It never goes to the service."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["class"] for row in csv.DictReader(file)}


class SimulatedAnnotator:
    """Someone who is always right and sees every item, evaluation items included, for the first time."""

    def __init__(self, client: Tomosift, slug: str, truth: dict[str, str]) -> None:
        self._client, self._slug, self._truth = client, slug, truth
        self._class_ids = {each.name: each.id for each in client.projects.read(slug).classes}

    def answer_all(self, tell: Callable[[int], None]) -> list[str]:
        """Answer until the queue has nothing left; returns the names in the order they were asked.

        `tell` hears the number of answers so far.
        """
        asked: list[str] = []
        while tasks := self._claim():
            for task in tasks:
                self._decide(task)
                asked.append(task.subtomogram.name)
                tell(len(asked))
        return asked

    def _claim(self) -> list[Task]:
        body = {"count": AT_ONCE, "resume": True}
        return self._client.annotation.claim_next_tasks(self._slug, body).tasks

    def _decide(self, task: Task) -> None:
        true_class = self._truth[task.subtomogram.name]
        is_junk = true_class == JUNK
        self._client.annotation.create_decision(
            self._slug,
            {
                "subtomogram_id": task.subtomogram.id,
                "lease_id": task.lease.id,
                "fencing_token": task.lease.fencing_token,
                "kind": "junk" if is_junk else "class",
                "class_id": None if is_junk else self._class_ids[true_class],
            },
        )
