"""Tables of text whose values are separated by one character, as columns of unchanged texts."""

from collections.abc import Sequence

import pyarrow as pa
from pyarrow import compute, csv

from tomosift.formats.problem import FormatProblem

_BLANKS_AS_SPACES = bytes.maketrans(b"\t\r", b"  ")


def read_delimited(content: bytes, columns: list[str], delimiter: str, name: str, *, has_header: bool) -> pa.Table:
    """Rows of `content` as texts, with quotes around values understood; raises FormatProblem with the row (from 1)."""
    return _read(content, columns, delimiter, name, has_header=has_header, has_quotes=True)


def read_blank_separated(content: bytes, columns: list[str], name: str) -> pa.Table:
    """Rows of numbers separated by any blanks, without a header; raises FormatProblem with the row (from 1)."""
    # Whole-file replacements: a list of a hundred million numbers would not fit the memory.
    lines = content.translate(_BLANKS_AS_SPACES)
    while b"  " in lines:
        lines = lines.replace(b"  ", b" ")
    lines = lines.replace(b"\n ", b"\n").replace(b" \n", b"\n").strip()
    return _read(lines, columns, " ", name, has_header=False, has_quotes=False)


def delimited_lines(columns: Sequence[pa.Array | pa.ChunkedArray], delimiter: str, *, quotes: bool = True) -> bytes:
    """Columns as lines, `\\n` after each; texts with the delimiter, a quote or a line's end in them are quoted."""
    texts = [compute.fill_null(column.cast(pa.string()), "") for column in columns]
    if quotes:
        texts = [_quoted_where_needed(column, delimiter) for column in texts]
    lines = compute.binary_join_element_wise(*texts, delimiter).to_pylist()
    return "".join(f"{line}\n" for line in lines).encode()


def _quoted_where_needed(texts: pa.Array | pa.ChunkedArray, delimiter: str) -> pa.Array | pa.ChunkedArray:
    needs_quotes = compute.match_substring_regex(texts, f'[\r\n"{delimiter}]')
    if not compute.any(needs_quotes).as_py():
        return texts
    quoted = compute.binary_join_element_wise('"', compute.replace_substring(texts, '"', '""'), '"', "")
    return compute.if_else(needs_quotes, quoted, texts)


def _read(
    content: bytes, columns: list[str], delimiter: str, name: str, *, has_header: bool, has_quotes: bool
) -> pa.Table:
    wrong: list[tuple[int | None, int]] = []

    def stop_at(row: csv.InvalidRow) -> str:
        wrong.append((row.number, row.actual_columns))
        return "error"

    try:
        return csv.read_csv(
            pa.BufferReader(content),
            # On one thread, as only then a wrong row's number is known.
            read_options=csv.ReadOptions(use_threads=False, column_names=columns, skip_rows=int(has_header)),
            parse_options=csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if has_quotes else False,
                newlines_in_values=has_quotes,
                invalid_row_handler=stop_at,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        if wrong and wrong[0][0] is not None:
            hint = "a text with the separator in it needs quotes" if has_quotes else "the file may be cut off"
            raise FormatProblem(
                f"{name} has {wrong[0][1]} values for {len(columns)} columns; {hint}",
                row=wrong[0][0] - int(has_header),
            ) from None
        raise FormatProblem(f"{name} cannot be read as a table; check its separators and quotes") from None
