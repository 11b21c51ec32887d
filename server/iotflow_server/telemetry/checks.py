"""What may be stored: names, sizes and values, checked once at the edge."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from iotflow.readings.times import EPOCH
from iotflow_server.clock import IS_SET_FROM_MS
from iotflow_server.telemetry.batch import Batch, Mask, Rejection, Values
from iotflow_server.telemetry.conversion import runs, widened


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


TOO_FAR_AHEAD = "TIME_TOO_FAR_AHEAD"


@dataclass(frozen=True, slots=True)
class FutureLimit:
    """ahead: how many milliseconds after now a reading may lie; None: any. now: milliseconds since 1970 UTC."""

    ahead: int | None
    now: Callable[[], int]

    def refused(self, batch: Batch) -> tuple[Rejection, ...]:
        """The rows that lie further ahead; all rows where these are scattered over the batch."""
        if self.ahead is None:
            return ()
        now = self.now()
        # A server that was started before its clock was set cannot tell what is ahead.
        if now < IS_SET_FROM_MS or np.maximum.reduce(batch.times) <= now + self.ahead:
            return ()
        beyond = batch.times > now + self.ahead
        if widened(beyond, None) is not beyond:
            problem = f"{self._problem(int(batch.times[beyond.argmax()]), now)}; the batch is refused whole, as many rows are so"
            return (Rejection(0, len(beyond), "", TOO_FAR_AHEAD, problem),)
        return tuple(
            Rejection(first, count, "", TOO_FAR_AHEAD, self._problem(int(batch.times[first]), now))
            for first, count in runs(beyond)
        )

    def _problem(self, time: int, now: int) -> str:
        return (
            f"{_rfc3339(time)} lies more than {(self.ahead or 0) / 3_600_000:g} h ahead of the server's time,"
            f" {_rfc3339(now)}; check the device's clock"
        )


def _rfc3339(time: int) -> str:
    return (EPOCH + timedelta(milliseconds=time)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
