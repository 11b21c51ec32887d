"""Limits of what may be stored: names, sizes, values and times. Checked once, where readings enter the server."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from iotflow.readings.times import EPOCH
from iotflow_server.clock import IS_SET_FROM_MS
from iotflow_server.telemetry.batch import Batch, Mask, Rejection, Times, Values
from iotflow_server.telemetry.type_conversion import runs, widened

TOO_FAR_AHEAD = "TIME_TOO_FAR_AHEAD"


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest batch: rows, measurements in a row, rows times columns, and bytes of a text value. names: measurements of a
    device."""

    rows: int
    columns: int
    values: int
    text_bytes: int
    names: int


def too_many_names(measurement: str, most: int) -> str:
    """The message for a measurement beyond the limit of its device."""
    return (
        f"{measurement} would be a new measurement, and the device already has the {most} that"
        " IOTFLOW_MAX_DEVICE_MEASUREMENTS allows; send it under an existing name, or ask an admin to drop one or to raise the"
        " setting."
    )


def text_problem(value: str, limits: Limits) -> str | None:
    """Why this text cannot be stored; None if it can."""
    if len(value) * 4 > limits.text_bytes and len(value.encode()) > limits.text_bytes:
        return f"the text is longer than {limits.text_bytes} bytes"
    if "\0" in value:
        return "the text contains a NUL character"
    return None


def not_finite(values: Values) -> Mask | None:
    """The floating-point values that are NaN or infinite; None if there are none."""
    finite = np.isfinite(values)
    return None if np.count_nonzero(finite) == len(finite) else ~finite


@dataclass(frozen=True, slots=True)
class FutureLimit:
    """Rejects readings too far in the future: once stored, they would remain the latest ones until then.

    ahead: largest distance of a time from now, in milliseconds; None: no limit. now: milliseconds since 1970 UTC.
    """

    ahead: int | None
    now: Callable[[], int]

    def allows(self, times: Times) -> bool:
        """Whether no time is beyond the limit."""
        return self._allows(times, self.now())

    def _allows(self, times: Times, now: int) -> bool:
        # Before the server's clock is set, it cannot tell which times are in the future.
        return self.ahead is None or now < IS_SET_FROM_MS or bool(np.maximum.reduce(times) <= now + self.ahead)

    def rejections(self, batch: Batch) -> tuple[Rejection, ...]:
        """The rows beyond the limit; the whole batch if they are scattered over many runs."""
        now = self.now()
        if self.ahead is None or self._allows(batch.times, now):
            return ()
        beyond = batch.times > now + self.ahead
        if widened(beyond, None) is not beyond:
            first = int(batch.times[beyond.argmax()])
            problem = (
                f"{self._problem(first, now)}; the whole batch is rejected because many of its rows are too far ahead"
            )
            return (Rejection(0, len(beyond), "", TOO_FAR_AHEAD, problem),)
        return tuple(
            Rejection(first, count, "", TOO_FAR_AHEAD, self._problem(int(batch.times[first]), now))
            for first, count in runs(beyond)
        )

    def _problem(self, time: int, now: int) -> str:
        return (
            f"{_rfc3339(time)} is more than {(self.ahead or 0) / 3_600_000:g} h ahead of the server's time,"
            f" {_rfc3339(now)}; check the device's clock"
        )


def _rfc3339(time: int) -> str:
    return (EPOCH + timedelta(milliseconds=time)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
