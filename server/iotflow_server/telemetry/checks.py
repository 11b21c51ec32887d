"""What may be stored: names, sizes and values, checked once at the edge."""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from iotflow_server.telemetry.batch import Mask, Rejection, Values
from iotflow_server.telemetry.conversion import runs

# Letters, digits, _ - and . : nothing that needs quoting in a URL list, a path of IoTDB or a column of a file.
_NAME = re.compile(r"\w[\w.\-]{0,127}")
LONGEST_NAME = 128
_NAME_RULE = "1 to 128 letters, digits, _ - and . and starts with one of the first three"
# A row of an answer holds its time under this name.
RESERVED = "timestamp"


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest batch: rows, measurements in a row, rows times columns, and bytes of one text value."""

    rows: int
    columns: int
    values: int
    text_bytes: int


def name_problem(measurement: str) -> str | None:
    """Why this cannot name a measurement; None if it can."""
    # What is remembered is short.
    return _name_problem(measurement) if len(measurement) <= LONGEST_NAME else f"a measurement's name has {_NAME_RULE}"


@lru_cache(maxsize=65_536)
def _name_problem(measurement: str) -> str | None:
    if measurement == RESERVED:
        return "timestamp is the name of the reading's time; choose another"
    if not _NAME.fullmatch(measurement):
        return f"a measurement's name has {_NAME_RULE}"
    return None


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


def rejections_of(refused: Mask, measurement: str, reason: str, message: str) -> list[Rejection]:
    """One Rejection for each run of neighbouring refused rows."""
    return [Rejection(index, count, measurement, reason, message) for index, count in runs(refused)]
