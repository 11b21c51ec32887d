"""IoTDB's schema: the paths of devices, the names of measurements, and the types of values."""

import re
from collections.abc import Iterable
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

# Number of columns in one statement: IoTDB reserves 65 kB for each, of 60 MB for all statements with a heap of 1 GB.
STATEMENT_COLUMNS = 100

# Names reserved by IoTDB, even if quoted. They are stored with a prefix, as are names that begin with the prefix.
_RESERVED = re.compile(r"%.*|time|timestamp|__endtime", re.IGNORECASE | re.DOTALL)
_PREFIX = "%"


def quoted(measurement: str) -> str:
    """The name of a measurement in a statement or request; any characters are allowed."""
    name = _PREFIX + measurement if _RESERVED.fullmatch(measurement) else measurement
    return "`" + name.replace("`", "``") + "`"


def unquoted(name: str) -> str:
    """The measurement with this name in a result."""
    plain = name[1:-1].replace("``", "`") if name.startswith("`") else name
    return plain.removeprefix(_PREFIX)


class Paths:
    """The paths in a database such as root.iotflow. statement_columns: largest number of columns in one statement."""

    def __init__(self, database: str, statement_columns: int = STATEMENT_COLUMNS) -> None:
        self.database = database
        self._statement_columns = statement_columns
        self.devices = f"{database}.devices"
        self.rules = f"{database}.retention"
        self.probe = f"{database}.probe"
        self._prefix = f"{self.devices}.device_"

    def groups(self, measurements: Iterable[str]) -> list[list[str]]:
        """Divide measurements into groups of one statement each."""
        names, size = list(measurements), self._statement_columns
        return [names[first : first + size] for first in range(0, len(names), size)]

    def name(self, device_id: int) -> str:
        """The name of a device below `devices`."""
        return f"device_{device_id}"

    def device(self, device_id: int) -> str:
        """The path of a device."""
        return f"{self._prefix}{device_id}"

    def split(self, path: str) -> tuple[int, str]:
        """The device and the measurement of the path of a time series."""
        number, _, name = path.removeprefix(self._prefix).partition(".")
        return int(number), unquoted(name)
