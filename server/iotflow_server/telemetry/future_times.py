"""Readings whose time lies too far ahead of now: stored, they would stay the latest ones for as long."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from iotflow.readings.times import EPOCH
from iotflow_server.clock import IS_SET_FROM_MS
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.conversion import runs, widened

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
