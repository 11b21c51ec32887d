"""Decoding of IoTDB's query results, which come in blocks of columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from iotflow_server.telemetry.batch import Mask, Times, Values, ValueType
from iotflow_server.telemetry.stores.iotdb.schema import TYPES, WIRE
from iotflow_server.telemetry.windows import blanks

# Layouts of a column in a block.
_BYTES, _INT32, _INT64, _BINARY, _RUN = 0, 1, 2, 3, 4
# Results have types besides those of readings: a time is INT64, STRING is TEXT.
_CODES = TYPES | {8: ValueType.INT64, 11: ValueType.TEXT}
_KINDS = {kind.value: kind for kind in ValueType} | {"TIMESTAMP": ValueType.INT64, "STRING": ValueType.TEXT}


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column. values: shape (rows,). valid: shape (rows,), False where there is no value."""

    type: ValueType
    values: Values
    valid: Mask


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of a statement.

    times: shape (rows,), int64 milliseconds; zeros if the rows have no time. columns: by their name in the result, in the
    requested order.
    """

    times: Times
    columns: dict[str, ResultColumn]


def query_result(
    names: Sequence[str], types: Sequence[str], positions: Iterable[int], blocks: Iterable[bytes]
) -> QueryResult:
    """Decode the blocks of a result. positions: index of each named column in a block."""
    decoded = [_decode(block) for block in blocks]
    times = np.concatenate([np.empty(0, np.int64), *(times for times, _ in decoded)])
    columns = {
        name: _joined(_KINDS[kind], [cells[position] for _, cells in decoded])
        for name, kind, position in zip(names, types, positions, strict=True)
    }
    return QueryResult(times, columns)


def _joined(kind: ValueType, parts: Sequence[ResultColumn]) -> ResultColumn:
    values = np.concatenate([blanks(kind, 0), *(part.values for part in parts)])
    return ResultColumn(kind, values, np.concatenate([np.empty(0, np.bool_), *(part.valid for part in parts)]))


def _decode(block: bytes) -> tuple[Times, list[ResultColumn]]:
    reader = _Reader(block)
    count = reader.int32()
    kinds = [_CODES[code] for code in reader.take(count)]
    rows = reader.int32()
    layouts = reader.take(count + 1)
    times = reader.column(layouts[0], ValueType.INT64, rows).values
    return times, [reader.column(layout, kind, rows) for layout, kind in zip(layouts[1:], kinds, strict=True)]


class _Reader:
    def __init__(self, block: bytes) -> None:
        self._block = block
        self._offset = 0

    def take(self, size: int) -> bytes:
        taken = self._block[self._offset : self._offset + size]
        self._offset += size
        return taken

    def int32(self) -> int:
        return int.from_bytes(self.take(4), signed=True)

    def column(self, layout: int, kind: ValueType, rows: int) -> ResultColumn:
        if layout == _RUN:
            one = self.column(self.take(1)[0], kind, 1)
            return ResultColumn(kind, np.repeat(one.values, rows), np.repeat(one.valid, rows))
        valid = ~self._bits(rows) if self.take(1)[0] else np.ones(rows, np.bool_)
        if layout == _BYTES:
            return ResultColumn(kind, self._bits(rows), valid)
        # Missing values are not transmitted.
        present = int(np.count_nonzero(valid))
        values = self._texts(present) if layout == _BINARY else self._numbers(kind, present)
        if present == rows:
            return ResultColumn(kind, values, valid)
        spread = blanks(kind, rows)
        spread[valid] = values
        return ResultColumn(kind, spread, valid)

    def _bits(self, rows: int) -> Mask:
        packed = np.frombuffer(self.take((rows + 7) // 8), np.uint8)
        return np.unpackbits(packed, count=rows).view(np.bool_)

    def _numbers(self, kind: ValueType, count: int) -> Values:
        wire = WIRE[kind]
        return np.frombuffer(self.take(count * wire.itemsize), wire).astype(kind.dtype)

    def _texts(self, count: int) -> Values:
        texts = np.empty(count, object)
        for row in range(count):
            texts[row] = self.take(self.int32()).decode()
        return texts
