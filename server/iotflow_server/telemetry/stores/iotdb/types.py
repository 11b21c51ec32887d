"""The types of IoTDB, and how it stores each of them."""

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

# Sensor values repeat or change little: GORILLA stores the difference from the previous value losslessly; TS_2DIFF packs the
# differences of counters and levels; states rarely change (RLE); text is compressed by LZ4 only.
ENCODINGS = {
    ValueType.BOOLEAN: "RLE",
    ValueType.INT32: "TS_2DIFF",
    ValueType.INT64: "TS_2DIFF",
    ValueType.FLOAT: "GORILLA",
    ValueType.DOUBLE: "GORILLA",
    ValueType.TEXT: "PLAIN",
}
# Its cost is negligible beside the encoding; stronger compression costs more time than its space is worth.
COMPRESSION = "LZ4"

# Numbers are big-endian in wire format.
WIRE: dict[ValueType, np.dtype[Any]] = {
    ValueType.BOOLEAN: np.dtype(np.uint8),
    ValueType.INT32: np.dtype(">i4"),
    ValueType.INT64: np.dtype(">i8"),
    ValueType.FLOAT: np.dtype(">f4"),
    ValueType.DOUBLE: np.dtype(">f8"),
}
