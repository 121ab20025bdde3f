"""The problems of an import: all of them up to a limit, each with its row, so that one look at the list mends it."""

from dataclasses import asdict, dataclass
from typing import Any

from tomosift.formats.problem import FormatProblem
from tomosift.kit.problems import ProblemError

MOST_SHOWN = 50


@dataclass(frozen=True)
class RowProblem:
    """What is wrong, and where: `row` counts the particles of the list from 1."""

    row: int | None
    column: str | None
    reason: str


class ImportProblems:
    """Collects problems. `is_full` tells when there is no use in looking for more."""

    def __init__(self) -> None:
        self._found: list[RowProblem] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def is_full(self) -> bool:
        """As many as are shown have been found."""
        return len(self._found) >= MOST_SHOWN

    def add(self, reason: str, row: int | None = None, column: str | None = None) -> None:
        """Note a problem."""
        if not self.is_full:
            self._found.append(RowProblem(row, column, reason))

    def add_format_problem(self, problem: FormatProblem, row: int | None = None) -> None:
        """Note what a reader said; `row` where the reader does not know it."""
        self.add(problem.message, problem.row or row, problem.column or ("image" if row is not None else None))

    def add_if_none(self, reason: str) -> None:
        """Note this unless something was found before, which is then its cause."""
        if not self._found:
            self.add(reason)

    def raise_any(self) -> None:
        """Raise a ProblemError 422 that lists everything found, if anything was."""
        if not self._found:
            return
        first = self._found[0]
        place = f"Row {first.row}: " if first.row is not None else ""
        rest = len(self._found) - 1
        more = f" And {rest} more{' at least' if self.is_full else ''}." if rest else ""
        raise ProblemError(
            422,
            "bad-particles",
            "The list cannot be imported as it is",
            f"{place}{first.reason}.{more} Nothing was imported.",
            errors=self.as_json(),
        )

    def as_json(self) -> list[dict[str, Any]]:
        """The problems as `{row, column, reason}`."""
        return [asdict(problem) for problem in self._found]
