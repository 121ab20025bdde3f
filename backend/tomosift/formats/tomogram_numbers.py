"""Tomograms that a list only numbers, and the `.doc` file beside it (`number path`) that tells their names.

Dynamo calls this a table map; the same is written beside motive lists, which know numbers alone.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from tomosift.formats.particle_list import JsonBlock
from tomosift.formats.problem import FormatProblem

_LONGEST_DOC = 16 * 2**20
_VOLUME_SUFFIXES = {".mrc", ".rec", ".map", ".em", ".hdf", ".zarr", ".st"}


def read_tomogram_names(list_path: Path) -> dict[str, str]:
    """Number → path from the `.doc` beside a list; empty without one. Raises FormatProblem for one that is garbled."""
    path = list_path.with_suffix(".doc")
    # A link could lead out of the folders this program may read.
    if path.is_symlink() or not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            lines = file.read(_LONGEST_DOC + 1)
    except OSError:
        raise FormatProblem(f"{path.name} cannot be read by this program; check its permissions") from None
    if len(lines) > _LONGEST_DOC:
        raise FormatProblem(f"{path.name} is too long for a list of tomograms")
    names: dict[str, str] = {}
    for number, line in enumerate(lines.decode("utf-8", "replace").splitlines(), start=1):
        parts = line.split(maxsplit=1)
        if len(parts) == 2 and parts[0].isdecimal():
            names[str(int(parts[0]))] = parts[1].strip()
        elif parts:
            raise FormatProblem(
                f"line {number} of {path.name} should be a tomogram's number and its file; correct or remove that file"
            )
    return names


def named_tomograms(numbers: Sequence[str], names: JsonBlock) -> list[str]:
    """Each particle's tomogram: its file's name without folder and ending, else its number."""
    known = {number: _file_stem(path) for number, path in names.items()}
    plain = {number: _plain_number(number) for number in set(numbers)}
    return [known.get(plain[number], plain[number]) for number in numbers]


class TomogramNumbers:
    """Gives tomograms numbers in the order they appear, from 1; a name that is a number keeps it where it is free."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._taken: set[int] = set()
        self._next = 1

    def numbers_of(self, names: Sequence[str]) -> list[int]:
        """The numbers of some tomograms."""
        return [self._numbers[name] if name in self._numbers else self._add(name) for name in names]

    def doc(self) -> bytes:
        """The text of the `.doc` file."""
        return "".join(f"{number} {name or 'unknown'}\n" for name, number in self._numbers.items()).encode()

    def _add(self, name: str) -> int:
        number = int(name) if name.isdecimal() and len(name) < 8 else 0
        if number < 1 or number in self._taken:
            while self._next in self._taken:
                self._next += 1
            number = self._next
        self._taken.add(number)
        self._numbers[name] = number
        return number


def _plain_number(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else text


def _file_stem(path: str) -> str:
    name = PurePosixPath(path)
    return name.stem if name.suffix in _VOLUME_SUFFIXES else name.name
