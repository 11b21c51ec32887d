"""The formats of an export: Arrow and Parquet in groups of rows; CSV, CSV for spreadsheets and newline-delimited JSON as text."""

import io
import re
from collections.abc import Callable

import numpy as np
import orjson
import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import csv, ipc, parquet

from iotflow.readings import EXACT
from iotflow_server.telemetry.batch import Times

# Size of a record batch of the Arrow stream.
ARROW_GROUP_BYTES = 2**20
# Size in memory of a Parquet row group. The footer lists every group: small groups would make it long.
PARQUET_GROUP_BYTES = 8 * 2**20
# An Arrow array takes some hundred bytes even if it is short: this many batches are written regardless of their size.
_MOST_BATCHES = 1_000

_NEEDS_ESCAPE = r'["\\\x00-\x1f]'

# Start of a text that a spreadsheet takes for a formula (OWASP, "CSV Injection"): control characters, and =, +, - and @ also
# in full width.
_FORMULA_START = "^[=+\\-@\uff1d\uff0b\uff0d\uff20\\x00-\\x1f\\x7f-\\x9f]"
_FORMULA = re.compile(_FORMULA_START)

_DAY = 86_400_000
_LENGTH = len("2026-01-31T12:00:00.250Z")
_SIXTY = [f"{number:02}" for number in range(60)]
_MINUTES = [f"T{hour}:{minute}:" for hour in _SIXTY[:24] for minute in _SIXTY]
_SECONDS = np.array([minute + second for minute in _MINUTES for second in _SIXTY], "S9")
_MILLISECONDS = np.array([f".{ms:03}Z" for ms in range(1_000)], "S5")


def arrow_stream(file: io.RawIOBase, schema: pa.Schema) -> "GroupWriter":
    """Writes the Arrow IPC stream."""
    writer = ipc.new_stream(file, schema)
    return GroupWriter(lambda group: writer.write_table(group.combine_chunks()), writer.close, ARROW_GROUP_BYTES)


def parquet_file(file: io.RawIOBase, schema: pa.Schema) -> "GroupWriter":
    """Writes a Parquet file. One that was cut short has no footer and cannot be opened."""
    writer = parquet.ParquetWriter(file, schema)
    return GroupWriter(
        lambda group: writer.write_table(group, row_group_size=group.num_rows), writer.close, PARQUET_GROUP_BYTES
    )


class GroupWriter:
    """Collects rows of many devices into tables of at least group_bytes; the last one may be smaller. write_group, close_file:
    the operations of the format."""

    def __init__(
        self, write_group: Callable[[pa.Table], object], close_file: Callable[[], None], group_bytes: int
    ) -> None:
        self._write_group = write_group
        self._close_file = close_file
        self._group_bytes = group_bytes
        self._waiting: list[pa.RecordBatch] = []
        self._bytes = 0

    def write(self, rows: pa.RecordBatch) -> None:
        """Add rows, all of one schema."""
        self._waiting.append(rows)
        self._bytes += rows.nbytes
        if self._bytes >= self._group_bytes or len(self._waiting) >= _MOST_BATCHES:
            self._flush()

    def close(self) -> None:
        """Write the waiting rows and the end of the file."""
        self._flush()
        self._close_file()

    def _flush(self) -> None:
        if self._waiting:
            self._write_group(pa.Table.from_batches(self._waiting))
            self._waiting.clear()
            self._bytes = 0


class CsvLines:
    """RFC 4180: a line of column names, then one line per row; text is quoted. An empty text is "", a missing value is an
    empty field, so that both can be read back."""

    def __init__(self, file: io.RawIOBase, schema: pa.Schema) -> None:
        self._time_column = schema.get_field_index("timestamp")
        self._schema = schema.set(self._time_column, pa.field("timestamp", pa.string()))
        self._writer = csv.CSVWriter(file, self._schema)

    def write(self, rows: pa.RecordBatch) -> None:
        columns = rows.columns
        columns[self._time_column] = time_texts(columns[self._time_column])
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


class SafeCsvLines(CsvLines):
    """CSV for spreadsheets: texts and column names that look like formulas are prefixed with an apostrophe, which marks a
    text. Numbers are unchanged: -5 is no formula."""

    def __init__(self, file: io.RawIOBase, schema: pa.Schema) -> None:
        super().__init__(file, pa.schema([field.with_name(_safe_name(field.name)) for field in schema]))

    def write(self, rows: pa.RecordBatch) -> None:
        super().write(
            pa.RecordBatch.from_arrays([_safe_texts(column) for column in rows.columns], names=self._schema.names)
        )


class JsonLines:
    """One object per row, with the measurements that have a value in it.

    Each column becomes a column of texts `,"name":value`, null for a missing value; these are joined row by row. Arrow does
    all of it, no value is processed in Python.
    """

    def __init__(self, file: io.RawIOBase, schema: pa.Schema) -> None:
        self._file = file
        self._keys = [orjson.dumps(name).decode() for name in schema.names]

    def write(self, rows: pa.RecordBatch) -> None:
        members = [
            _members(("," if position else "{") + key + ":", column)
            for position, (key, column) in enumerate(zip(self._keys, rows.columns, strict=True))
            if column.null_count < len(column)
        ]
        lines = pc.binary_join_element_wise(*members, "}\n", "", null_handling="replace", null_replacement="")
        self._file.write(_content(lines))

    def close(self) -> None:
        """Every line is complete: the file needs no end."""


def time_texts(times: pa.Array) -> pa.Array:
    """RFC 3339 in UTC with milliseconds, of timestamp[ms] without nulls, years 1 to 9999.

    Looks days, seconds and milliseconds up in tables, which takes a tenth of the time of formatting each value.
    """
    values: Times = times.cast(pa.int64()).to_numpy()
    days, rest = np.divmod(values, _DAY)
    distinct, which = np.unique(days, return_inverse=True)
    dates = np.datetime_as_string(distinct.astype("datetime64[D]")).astype("S10")
    texts = np.empty((len(values), _LENGTH), np.uint8)
    for start, table, rows in ((0, dates, which), (10, _SECONDS, rest // 1_000), (19, _MILLISECONDS, rest % 1_000)):
        letters = table.view(np.uint8).reshape(len(table), table.itemsize)
        texts[:, start : start + table.itemsize] = letters[rows]
    offsets = np.arange(0, texts.size + 1, _LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(texts))


def _safe_name(name: str) -> str:
    return f"'{name}" if _FORMULA.match(name) else name


def _safe_texts(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        return column
    unsafe = pc.match_substring_regex(column, _FORMULA_START)
    return pc.if_else(unsafe, pc.binary_join_element_wise("'", column, ""), column)


def _members(prefix: str, column: pa.Array) -> pa.Array:
    """`,"name":value` for each value, null for a missing one."""
    return pc.binary_join_element_wise(prefix, _json_values(column), "")


def _json_values(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type):
        return _json_strings(column)
    if pa.types.is_timestamp(column.type):
        return _in_quotes(time_texts(column))
    texts = column.cast(pa.string())
    return _exact(column, texts) if pa.types.is_int64(column.type) else texts


def _in_quotes(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', texts, '"', "")


def _json_strings(texts: pa.Array) -> pa.Array:
    """Few columns need more than quotes; in one that does, each distinct text is escaped once."""
    if not pc.any(pc.match_substring_regex(texts, _NEEDS_ESCAPE)).as_py():
        return _in_quotes(texts)
    coded = texts.dictionary_encode()
    distinct = pa.array([orjson.dumps(text).decode() for text in coded.dictionary.to_pylist()], pa.string())
    return distinct.take(coded.indices)


def _exact(numbers: pa.Array, texts: pa.Array) -> pa.Array:
    """JSON readers hold numbers as doubles: larger integers are written as strings, as in every REST response."""
    bounds = pc.min_max(numbers).as_py()
    if bounds["min"] >= -EXACT and bounds["max"] <= EXACT:
        return texts
    beyond = pc.or_(pc.less(numbers, -EXACT), pc.greater(numbers, EXACT))
    return pc.if_else(beyond, _in_quotes(texts), texts)


def _content(texts: pa.Array) -> pa.Buffer:
    """The concatenated texts of an array, without a copy."""
    offsets = pa.Array.from_buffers(pa.int32(), len(texts) + 1, [None, texts.buffers()[1]], offset=texts.offset)
    first, last = offsets[0].as_py(), offsets[len(texts)].as_py()
    return texts.buffers()[2].slice(first, last - first)
