"""A source's table in the artifact store: every input column, as text, in the order of its subtomograms."""

from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tomosift.kit.artifacts import ArtifactStore

ROW_GROUP = 10_000


def write_table(store: ArtifactStore, key: str, table: pd.DataFrame, rows: NDArray[np.int64]) -> None:
    """Keep `rows` (from 0) of a list, in that order; a piece at a time, as a million rows would fill the memory."""
    with store.open_for_writing(key) as file:
        _write_parquet(file, table, rows)


def _write_parquet(file: BinaryIO, table: pd.DataFrame, rows: NDArray[np.int64]) -> None:
    schema = pa.schema([(str(column), pa.string()) for column in table.columns])
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for start in range(0, len(rows), ROW_GROUP):
            piece = table.iloc[rows[start : start + ROW_GROUP]]
            columns = [pa.array(piece.iloc[:, number], pa.string()) for number in range(piece.shape[1])]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=ROW_GROUP)
