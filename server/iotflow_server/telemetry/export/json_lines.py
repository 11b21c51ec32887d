"""Newline-delimited JSON: an object a row, with the measurements that have a value there.

Each column becomes a column of texts `,"name":value`, empty where there is no value, and joining these row by row makes the
lines: all of it by Arrow, nothing of it value by value.
"""

import orjson
import pyarrow as pa
from pyarrow import compute as pc

from iotflow.readings import EXACT
from iotflow_server.telemetry.export.pieces import Pieces
from iotflow_server.telemetry.export.time_texts import time_texts

_NEEDS_ESCAPE = r'["\\\x00-\x1f]'


class JsonLines:
    """Writes whole lines."""

    def __init__(self, pieces: Pieces, schema: pa.Schema) -> None:
        self._pieces = pieces
        self._keys = [orjson.dumps(name).decode() for name in schema.names]

    def write(self, rows: pa.RecordBatch) -> None:
        members = [
            _members(("," if place else "{") + key + ":", column)
            for place, (key, column) in enumerate(zip(self._keys, rows.columns, strict=True))
            if column.null_count < len(column)
        ]
        lines = pc.binary_join_element_wise(*members, "}\n", "", null_handling="replace", null_replacement="")
        self._pieces.write(_letters(lines))

    def close(self) -> None:
        """A line ends itself."""


def _members(before: str, column: pa.Array) -> pa.Array:
    """`,"name":value` for each value, null for none."""
    return pc.binary_join_element_wise(before, _values(column), "")


def _values(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type):
        return _quoted(column)
    if pa.types.is_timestamp(column.type):
        return _in_quotes(time_texts(column))
    texts = column.cast(pa.string())
    return _exact(column, texts) if pa.types.is_int64(column.type) else texts


def _in_quotes(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', texts, '"', "")


def _quoted(texts: pa.Array) -> pa.Array:
    """JSON strings. Few texts need more than quotes; where one does, each distinct text of the column is written once."""
    if not pc.any(pc.match_substring_regex(texts, _NEEDS_ESCAPE)).as_py():
        return _in_quotes(texts)
    coded = texts.dictionary_encode()
    distinct = pa.array([orjson.dumps(text).decode() for text in coded.dictionary.to_pylist()], pa.string())
    return distinct.take(coded.indices)


def _exact(numbers: pa.Array, texts: pa.Array) -> pa.Array:
    """Readers of JSON hold whole numbers in doubles: beyond those a string keeps every digit, as in all answers over REST."""
    bounds = pc.min_max(numbers).as_py()
    if bounds["min"] >= -EXACT and bounds["max"] <= EXACT:
        return texts
    beyond = pc.or_(pc.less(numbers, -EXACT), pc.greater(numbers, EXACT))
    return pc.if_else(beyond, _in_quotes(texts), texts)


def _letters(texts: pa.Array) -> pa.Buffer:
    """All texts of an array, one after the other, as they lie in memory."""
    offsets = pa.Array.from_buffers(pa.int32(), len(texts) + 1, [None, texts.buffers()[1]], offset=texts.offset)
    first, last = offsets[0].as_py(), offsets[len(texts)].as_py()
    return texts.buffers()[2].slice(first, last - first)
