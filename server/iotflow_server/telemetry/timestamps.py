"""Times for readings that came without one."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from iotflow_server.errors import LimitExceeded, Unavailable
from iotflow_server.telemetry.ports import TelemetryReader

MOST_DEVICES = 100_000
# Readings that come faster than there are times for them take times to come; so far ahead they may be, and no further.
AHEAD_MS = 10_000
# A reading waits no longer than this for what its device has stored before.
PATIENCE_SECONDS = 2.0


class TimestampAllocator(Protocol):
    """Gives each reading of a device a time of its own: two that arrive within one millisecond must not overwrite each
    other, whichever process takes them."""

    async def stamp(self, device_id: int, readings: int) -> range:
        """So many rising times, milliseconds since 1970 UTC, never given to this device before; the last is now, or as
        little later as can be.

        Raises LimitExceeded (ARRIVAL_RATE) where it would lie too far ahead, Unavailable.
        """
        ...


@dataclass(frozen=True, slots=True)
class TimestampStride:
    """The milliseconds that leave `rest` when divided by `step`: of two lanes that do not meet, each can be given out
    without asking about the other."""

    step: int = 1
    rest: int = 0

    def behind(self, time: int, readings: int) -> range:
        """The next times after this one."""
        first = time + 1 + (self.rest - time - 1) % self.step
        return range(first, first + readings * self.step, self.step)

    def refuse(self, ahead: int) -> LimitExceeded:
        """What a device is told whose next time would lie so far ahead."""
        message = f"a device has {1_000 / self.step:,.3g} readings a second without a time; send timestamps, or fewer readings"
        return LimitExceeded("ARRIVAL_RATE", message, retry_after=(ahead - AHEAD_MS) / 1_000)


class NewestTimestamps:
    """The newest time of each device that this process knows of: given here or, for a device that was not heard since
    the start, stored; another process may have given that one. Where the store cannot tell: all that a process before this
    one can have given out. now: milliseconds since 1970 UTC. buffering: whether the journal may hold newer readings than the reader
    returns."""

    def __init__(
        self, reader: TelemetryReader, now: Callable[[], int], buffering: Callable[[], bool] = lambda: False
    ) -> None:
        self._reader = reader
        self._buffering = buffering
        self._now = now
        self._newest: OrderedDict[int, int] = OrderedDict()
        self._given_before = now() + AHEAD_MS

    async def newest(self, device_id: int) -> int:
        """0 where there is none."""
        if device_id not in self._newest:
            stored = await self._newest_stored(device_id)
            self._newest.setdefault(device_id, stored)
        return self._newest[device_id]

    def note(self, device_id: int, time: int) -> None:
        """This one was given."""
        self._newest[device_id] = max(time, self._newest.get(device_id, 0))
        self._newest.move_to_end(device_id)
        if len(self._newest) > MOST_DEVICES:
            self._newest.popitem(last=False)

    async def _newest_stored(self, device_id: int) -> int:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._reader.latest([device_id])
        except (Unavailable, TimeoutError):
            return self._given_before
        # What waits in a journal may be newer than what the store tells.
        known = self._given_before if self._buffering() else 0
        newest = max([known, *(latest.time for latest in found.get(device_id, ()))])
        # Times further ahead are the device's own, not given here.
        return newest if newest <= self._now() + AHEAD_MS else 0


class LocalTimestampAllocator:
    """The times of one lane, given out by this process alone."""

    def __init__(self, given: NewestTimestamps, now: Callable[[], int], lane: TimestampStride | None = None) -> None:
        self._given = given
        self._now = now
        self._lane = lane or TimestampStride()

    def move(self, lane: TimestampStride) -> None:
        """Give out the times of this one from now on."""
        self._lane = lane

    async def stamp(self, device_id: int, readings: int) -> range:
        newest = await self._given.newest(device_id)
        now = self._now()
        times = self._lane.behind(max(newest, now - readings * self._lane.step), readings)
        if times[-1] > now + AHEAD_MS:
            raise self._lane.refuse(times[-1] - now)
        self._given.note(device_id, times[-1])
        return times
