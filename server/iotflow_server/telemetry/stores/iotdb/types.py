"""IoTDB's codes of types, encodings and compression."""

from typing import Any

import numpy as np

from iotflow_server.telemetry.batch import ValueType

CODES = {
    ValueType.BOOLEAN: 0,
    ValueType.INT32: 1,
    ValueType.INT64: 2,
    ValueType.FLOAT: 3,
    ValueType.DOUBLE: 4,
    ValueType.TEXT: 5,
}
TYPES = {code: value_type for value_type, code in CODES.items()}

_PLAIN, _RLE, _TS_2DIFF, _GORILLA = 0, 2, 4, 8
# Sensors repeat themselves or move by little: GORILLA keeps what differs from the value before, bit by bit and without
# loss; TS_2DIFF packs the differences of counters and levels; states stay the same for long (RLE); text is left to LZ4.
ENCODINGS = {
    ValueType.BOOLEAN: _RLE,
    ValueType.INT32: _TS_2DIFF,
    ValueType.INT64: _TS_2DIFF,
    ValueType.FLOAT: _GORILLA,
    ValueType.DOUBLE: _GORILLA,
    ValueType.TEXT: _PLAIN,
}
# LZ4: costs next to nothing beside the encoding; tighter ones cost more time than they save in room.
COMPRESSION = 7

# On the wire numbers are big-endian.
WIRE: dict[ValueType, np.dtype[Any]] = {
    ValueType.BOOLEAN: np.dtype(np.uint8),
    ValueType.INT32: np.dtype(">i4"),
    ValueType.INT64: np.dtype(">i8"),
    ValueType.FLOAT: np.dtype(">f4"),
    ValueType.DOUBLE: np.dtype(">f8"),
}
