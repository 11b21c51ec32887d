"""What may be stored: names, sizes and values, checked once at the edge."""

from dataclasses import dataclass

import numpy as np

from iotflow_server.telemetry.batch import Mask, Values


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest batch: rows, measurements in a row, rows times columns, and bytes of one text value. names: measurements of a
    device."""

    rows: int
    columns: int
    values: int
    text_bytes: int
    names: int


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
