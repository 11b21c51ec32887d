"""Allocation of timestamps to readings that arrive without one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cachetools import LRUCache

from iotflow_server.errors import LimitExceeded, Unavailable
from iotflow_server.telemetry.ports import SERVER, TelemetryReader

MOST_DEVICES = 100_000
# Readings that arrive faster than one per free timestamp get timestamps in the future, at most this far ahead of now.
AHEAD_MS = 10_000
# Longest time an allocation waits for the store to report the device's newest timestamp.
PATIENCE_SECONDS = 2.0


class TimestampAllocator(Protocol):
    """Gives each reading of a device a distinct timestamp, whichever process receives it: two readings that arrive within
    one millisecond must not overwrite each other."""

    async def allocate(
        self, device_id: int, readings: int, *, caller: str = SERVER, after: int = 0, ahead_ms: int = AHEAD_MS
    ) -> range:
        """Return this many ascending timestamps, milliseconds since 1970 UTC, never allocated to this device before. The
        last one is now or as little later as possible. caller: for the turn of a query of the store; see TelemetryReader.
        after: the timestamps are later than this. ahead_ms: the last one is at most this far ahead of now.

        Raises LimitExceeded (ARRIVAL_RATE) if it would be too far ahead, Unavailable.
        """
        ...


@dataclass(frozen=True, slots=True)
class TimestampStride:
    """The milliseconds with remainder `rest` modulo `step`. Allocators with disjoint strides need no coordination."""

    step: int = 1
    rest: int = 0

    def after(self, time: int, readings: int) -> range:
        """The next timestamps after this time."""
        first = time + 1 + (self.rest - time - 1) % self.step
        return range(first, first + readings * self.step, self.step)

    def rate_exceeded(self, ahead: int, most: int = AHEAD_MS) -> LimitExceeded:
        """The error for a device whose next timestamp would be this many milliseconds ahead, of at most so many."""
        message = (
            f"a device may send {1_000 / self.step:,.3g} readings per second without a timestamp;"
            " send timestamps, or fewer readings"
        )
        return LimitExceeded("ARRIVAL_RATE", message, retry_after=(ahead - most) / 1_000)


class NewestTimestamps:
    """The newest timestamp of each device as known to this process: allocated here, or stored, for a device that has not
    sent since the start. Another process may have allocated the stored one.

    If the store does not respond, assumes the latest timestamp that a previous process can have allocated. now:
    milliseconds since 1970 UTC. buffering: whether the journal may hold newer readings than the reader returns.
    """

    def __init__(
        self, reader: TelemetryReader, now: Callable[[], int], buffering: Callable[[], bool] = lambda: False
    ) -> None:
        self._reader = reader
        self._buffering = buffering
        self._now = now
        self._newest: LRUCache[int, int] = LRUCache(MOST_DEVICES)
        self._latest_previous = now() + AHEAD_MS

    async def newest(self, device_id: int, caller: str) -> int:
        """The newest timestamp; 0 if there is none."""
        if device_id not in self._newest:
            stored = await self._newest_stored(device_id, caller)
            self._newest.setdefault(device_id, stored)
        return self._newest[device_id]

    def record(self, device_id: int, time: int) -> None:
        """Record an allocated timestamp."""
        self._newest[device_id] = max(time, self._newest.get(device_id, 0))

    async def _newest_stored(self, device_id: int, caller: str) -> int:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._reader.latest([device_id], caller=caller)
        except (Unavailable, TimeoutError):
            return self._latest_previous
        known = self._latest_previous if self._buffering() else 0
        newest = max([known, *(latest.time for latest in found.get(device_id, ()))])
        # A later time was sent by the device, not allocated here.
        return newest if newest <= self._now() + AHEAD_MS else 0


class LocalTimestampAllocator:
    """Allocates the timestamps of one stride without coordination."""

    def __init__(self, newest: NewestTimestamps, now: Callable[[], int], stride: TimestampStride | None = None) -> None:
        self._newest = newest
        self._now = now
        self._stride = stride or TimestampStride()

    def set_stride(self, stride: TimestampStride) -> None:
        """Use another stride from now on."""
        self._stride = stride

    async def allocate(
        self, device_id: int, readings: int, *, caller: str = SERVER, after: int = 0, ahead_ms: int = AHEAD_MS
    ) -> range:
        newest = max(after, await self._newest.newest(device_id, caller))
        now = self._now()
        times = self._stride.after(max(newest, now - readings * self._stride.step), readings)
        if times[-1] > now + ahead_ms:
            raise self._stride.rate_exceeded(times[-1] - now, ahead_ms)
        self._newest.record(device_id, times[-1])
        return times
