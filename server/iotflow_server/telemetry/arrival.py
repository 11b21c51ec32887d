"""Times for readings that came without one."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from iotflow_server.errors import LimitExceeded, Unavailable
from iotflow_server.telemetry.store import TelemetryStore

MOST_DEVICES = 100_000
# Readings of more than one a millisecond take times to come; so far ahead they may be, and no further.
AHEAD_MS = 10_000
# A reading waits no longer than this for what its device has stored before.
PATIENCE_SECONDS = 2.0


class ArrivalClock:
    """Gives each reading of a device a time of its own: two that arrive within one millisecond must not overwrite each
    other.

    A device that was not heard since the start goes on behind its newest stored time, for another process may have given
    out that one; where the store cannot tell, behind all that a process before this one can have given out. now:
    milliseconds since 1970 UTC.
    """

    def __init__(self, store: TelemetryStore, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self._last: OrderedDict[int, int] = OrderedDict()
        self._given_before = now() + AHEAD_MS

    async def stamp(self, device_id: int, readings: int) -> int:
        """The first of `readings` consecutive milliseconds, never given to this device before.

        Raises LimitExceeded where these would lie too far ahead.
        """
        if device_id not in self._last:
            stored = await self._newest_stored(device_id)
            self._last.setdefault(device_id, stored)
        now = self._now()
        first = max(now - readings + 1, self._last[device_id] + 1)
        ahead = first + readings - 1 - now
        if ahead > AHEAD_MS:
            message = "a device has 1,000 readings a second without a time; send timestamps, or fewer readings"
            raise LimitExceeded("ARRIVAL_RATE", message, retry_after=(ahead - AHEAD_MS) / 1_000)
        self._last[device_id] = first + readings - 1
        self._last.move_to_end(device_id)
        if len(self._last) > MOST_DEVICES:
            self._last.popitem(last=False)
        return first

    async def _newest_stored(self, device_id: int) -> int:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._store.latest([device_id])
        except (Unavailable, TimeoutError):
            return self._given_before
        newest = max((latest.time for latest in found.get(device_id, ())), default=0)
        # Times further ahead are the device's own, not given here.
        return newest if newest <= self._now() + AHEAD_MS else 0
