"""A RELION particle table's columns as numbers: the particle's own, or those of its optics group."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tomosift.formats.particle_list import JsonBlock
from tomosift.formats.problem import FormatProblem

XYZ = ("X", "Y", "Z")
ANGLES = ("Rot", "Tilt", "Psi")


class RelionColumns:
    """Typed views of `rows` (texts) and of the optics block, as JSON."""

    def __init__(self, rows: pd.DataFrame, optics: JsonBlock | None) -> None:
        self._rows = rows
        self._optics = optics or {}

    def numbers(self, column: str) -> NDArray[np.float64] | None:
        """A column, `(n,)`; None without it. Raises FormatProblem for a value that is no finite number."""
        if column not in self._rows.columns:
            return None
        numbers = _to_numbers(self._rows[column])
        bad = np.flatnonzero(~np.isfinite(numbers))
        if bad.size:
            text = str(self._rows[column].iloc[int(bad[0])])
            raise FormatProblem(f"{text[:60]!r} is not a number", row=int(bad[0]) + 1, column=column)
        return numbers

    def triples(self, pattern: str, parts: Sequence[str]) -> NDArray[np.float64] | None:
        """Three columns that belong together, `(n, 3)`; None without one of them."""
        columns = [column for part in parts if (column := self.numbers(pattern.format(part))) is not None]
        return np.stack(columns, axis=1) if len(columns) == len(parts) else None

    def sizes(self, column: str) -> tuple[NDArray[np.float64], str] | None:
        """A length in Å for each particle, `(n,)`, and where it stands: the table, else data_optics; None without.

        NaN where it is 0 or less, which programs write for "unknown". Raises FormatProblem for an optics group that
        the list names but does not define.
        """
        own = self.numbers(column)
        sizes, place = (own, column) if own is not None else (self._of_groups(column), f"{column} of data_optics")
        return None if sizes is None else (np.where((sizes > 0) & np.isfinite(sizes), sizes, np.nan), place)

    def optics_texts(self, column: str) -> list[str]:
        """A column of data_optics; empty without it."""
        columns = self._optics.get("columns", [])
        if column not in columns:
            return []
        place = columns.index(column)
        return [row[place] for row in self._optics["rows"]]

    def _of_groups(self, column: str) -> NDArray[np.float64] | None:
        texts = self.optics_texts(column)
        if not texts:
            return None
        try:
            values = [float(text) for text in texts]
        except ValueError as error:
            raise FormatProblem(f"data_optics: {error}", column=column) from None
        if "rlnOpticsGroup" not in self._rows.columns:
            return np.full(len(self._rows), values[0]) if len(values) == 1 else None
        wanted = self._rows["rlnOpticsGroup"]
        places = {group: place for place, group in enumerate(self.optics_texts("rlnOpticsGroup"))}
        found = wanted.map(places).to_numpy(np.float64, na_value=np.nan)
        if np.isnan(found).any():
            row = int(np.flatnonzero(np.isnan(found))[0])
            raise FormatProblem(
                f"the optics group {wanted.iloc[row]} is not in data_optics, so the voxel size is unknown; "
                "add the group there or correct the particle's group",
                row=row + 1,
                column="rlnOpticsGroup",
            )
        return np.asarray(values)[found.astype(np.int64)]


def _to_numbers(texts: pd.Series) -> NDArray[np.float64]:
    try:  # many times faster than pandas' way, but it takes no `+.5`
        return np.asarray(pc.cast(pa.Array.from_pandas(texts), pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
