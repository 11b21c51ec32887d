"""IoTDB's types, and how it is to keep each of them."""

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

# Sensors repeat themselves or move by little: GORILLA keeps what differs from the value before, bit by bit and without
# loss; TS_2DIFF packs the differences of counters and levels; states stay the same for long (RLE); text is left to LZ4.
ENCODINGS = {
    ValueType.BOOLEAN: "RLE",
    ValueType.INT32: "TS_2DIFF",
    ValueType.INT64: "TS_2DIFF",
    ValueType.FLOAT: "GORILLA",
    ValueType.DOUBLE: "GORILLA",
    ValueType.TEXT: "PLAIN",
}
# Costs next to nothing beside the encoding; tighter ones cost more time than they save in room.
COMPRESSION = "LZ4"

# On the wire numbers are big-endian.
WIRE: dict[ValueType, np.dtype[Any]] = {
    ValueType.BOOLEAN: np.dtype(np.uint8),
    ValueType.INT32: np.dtype(">i4"),
    ValueType.INT64: np.dtype(">i8"),
    ValueType.FLOAT: np.dtype(">f4"),
    ValueType.DOUBLE: np.dtype(">f8"),
}
