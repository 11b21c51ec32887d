"""What may be stored: names, sizes and values, checked once at the edge."""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from iotflow_server.telemetry.batch import Mask, Values

# Letters, digits, _ - and . : nothing that needs quoting in a URL list, a path of IoTDB or a column of a file.
LONGEST_NAME = 128
_NAME = re.compile(rf"\w[\w.\-]{{0,{LONGEST_NAME - 1}}}")
_NO_NAME = (
    f"a measurement's name has 1 to {LONGEST_NAME} letters, digits, _ - and . and starts with one of the first three"
)
# A row of an answer holds its time under this name.
RESERVED = "timestamp"


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest batch: rows, measurements in a row, rows times columns, and bytes of one text value. names: measurements of a
    device."""

    rows: int
    columns: int
    values: int
    text_bytes: int
    names: int


def name_problem(measurement: str) -> str | None:
    """Why this cannot name a measurement; None if it can."""
    # What is remembered is short.
    return _name_problem(measurement) if len(measurement) <= LONGEST_NAME else _NO_NAME


@lru_cache(maxsize=65_536)
def _name_problem(measurement: str) -> str | None:
    if measurement == RESERVED:
        return "timestamp is the name of the reading's time; choose another"
    if not _NAME.fullmatch(measurement):
        return _NO_NAME
    return None


def too_many_names(measurement: str, most: int) -> str:
    """Why a device gets no further measurement."""
    return (
        f"{measurement} would be a new name, and the device has as many as IOTFLOW_MAX_DEVICE_MEASUREMENTS"
        f" allows ({most}); send it under a known name, or have an admin drop one or raise the setting."
    )


def text_problem(value: str, limits: Limits) -> str | None:
    """Why this text cannot be stored; None if it can."""
    if len(value) * 4 > limits.text_bytes and len(value.encode()) > limits.text_bytes:
        return f"the text is longer than {limits.text_bytes} bytes"
    if "\0" in value:
        return "the text holds a NUL character"
    return None


def not_finite(values: Values) -> Mask | None:
    """Which floating-point values are NaN or infinite; None if none is."""
    finite = np.isfinite(values)
    return None if np.count_nonzero(finite) == len(finite) else ~finite
