"""Readings whose time lies too far ahead of now: stored, they would stay the latest ones for as long."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from iotflow.readings.times import EPOCH
from iotflow_server.clock import IS_SET_FROM_MS
from iotflow_server.telemetry.batch import Batch, Mask, Rejection

TOO_FAR_AHEAD = "TIME_TOO_FAR_AHEAD"


@dataclass(frozen=True, slots=True)
class FutureLimit:
    """ahead: how many milliseconds after now a reading may lie; None: any. now: milliseconds since 1970 UTC."""

    ahead: int | None
    now: Callable[[], int]

    def refused(self, batch: Batch) -> tuple[Rejection, ...]:
        """The rows that lie further ahead."""
        if self.ahead is None:
            return ()
        now = self.now()
        # A server that was started before its clock was set cannot tell what is ahead.
        if now < IS_SET_FROM_MS or np.maximum.reduce(batch.times) <= now + self.ahead:
            return ()
        beyond = batch.times > now + self.ahead
        return tuple(
            Rejection(first, end - first, "", TOO_FAR_AHEAD, self._problem(int(batch.times[first]), now))
            for first, end in _runs(beyond)
        )

    def _problem(self, time: int, now: int) -> str:
        return (
            f"{_rfc3339(time)} lies more than {(self.ahead or 0) / 3_600_000:g} h ahead of the server's time,"
            f" {_rfc3339(now)}; check the device's clock"
        )


def _runs(mask: Mask) -> Iterator[tuple[int, int]]:
    """First row and end of each run of rows in the mask."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    yield from zip(edges[::2], edges[1::2], strict=True)


def _rfc3339(time: int) -> str:
    return (EPOCH + timedelta(milliseconds=time)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
