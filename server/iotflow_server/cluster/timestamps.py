"""Times for readings that came without one, given out by all server processes together."""

from collections.abc import Callable
from hashlib import sha1
from time import monotonic
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.timestamps import AHEAD_MS, LocalTimestampAllocator, NewestTimestamps, TimestampStride

# The even milliseconds are given out by Redis, the odd ones by processes without it. So nobody has to know which of the
# others reach it, and a process that comes back too early, or falls out, meets none of their times.
SHARED = TimestampStride(2, 0)

# A reading waits so long for Redis; after a failure, processes go on alone for a while instead.
PATIENCE_SECONDS, ALONE_SECONDS = 0.5, 1.0
# Longer than the times of one call reach back and ahead; what is older cannot be given again.
KEEP_MS = 600_000

# ARGV: now, readings, the newest time the caller knows of, 1 where the server did not know this script.
# Redis forgets scripts when it starts (since version 7), and may then have lost times or gone back to older ones. Those
# that it gave out before lie at most AHEAD_MS behind that moment: before they have passed, it gives out none.
GIVE = f"""
local now, readings, newest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local began = redis.call('GET', KEYS[2])
if ARGV[4] == '1' or not began then
  began = now
  redis.call('SET', KEYS[2], string.format('%.0f', now))
end
local earliest = now - readings * {SHARED.step}
if earliest < began + {AHEAD_MS} then return false end
local behind = math.max(earliest, newest, tonumber(redis.call('GET', KEYS[1]) or 0))
local first = behind + 1 + ({SHARED.rest} - behind - 1) % {SHARED.step}
local last = first + (readings - 1) * {SHARED.step}
if last <= now + {AHEAD_MS} then
  redis.call('SET', KEYS[1], string.format('%.0f', last), 'PX', {KEEP_MS})
end
return first
"""
_NAME = sha1(GIVE.encode()).hexdigest()  # noqa: S324


# Of the odd ones: the first three servers have half of those that are left each, so that one, two or three machines lose
# little; so many others share the rest.
FIRST, OTHERS = (TimestampStride(4, 1), TimestampStride(8, 3), TimestampStride(16, 7)), 8
REST = TimestampStride(16, 15)


def own_lane(number: int, of: int, server: int = 1) -> TimestampStride:
    """The odd milliseconds of process `number` (from 1) of a group of so many, on the server of this number (from 1, to
    three and OTHERS): no other's, whatever the sizes of the other servers' groups."""
    lane = _of_server(server)
    return TimestampStride(lane.step * of, lane.rest + lane.step * (number - 1))


def _of_server(server: int) -> TimestampStride:
    if server <= len(FIRST):
        return FIRST[server - 1]
    return TimestampStride(REST.step * OTHERS, REST.rest + REST.step * (server - len(FIRST) - 1))


class RedisArrival:
    """Redis keeps the newest time given to each device; while it is away, and until its times are sure to be new ones,
    this process gives out those of its own lane, `alone`."""

    def __init__(
        self,
        connection: RedisConnection,
        given: NewestTimestamps,
        now: Callable[[], int],
        alone: LocalTimestampAllocator,
        timer: Callable[[], float] = monotonic,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._connection = connection
        self._given = given
        self._now = now
        self._alone = alone
        self._timer = timer
        self._patience = patience_seconds
        self._alone_until = 0.0

    async def stamp(self, device_id: int, readings: int) -> range:
        newest = await self._given.newest(device_id)
        now = self._now()
        first = await self._first(device_id, readings, now, newest)
        if first is None:
            return await self._alone.stamp(device_id, readings)
        times = SHARED.behind(first - 1, readings)
        if times[-1] > now + AHEAD_MS:
            raise SHARED.refuse(times[-1] - now)
        self._given.note(device_id, times[-1])
        return times

    async def _first(self, device_id: int, readings: int, now: int, newest: int) -> int | None:
        """Of the times that Redis gives; None: it gives none now."""
        if self._timer() < self._alone_until:
            return None
        if not self._connection.available:
            # One asks whether it is back; the others do not wait with it.
            self._alone_until = self._timer() + ALONE_SECONDS
        try:
            first: int | None = await self._connection.run(
                _given_by_redis(device_id, now, readings, newest), seconds=self._patience
            )
        except Unavailable:
            self._alone_until = self._timer() + ALONE_SECONDS
            return None
        self._alone_until = 0.0
        return first


def _given_by_redis(device_id: int, *arguments: int) -> Callable[["Redis"], Any]:
    # The braces keep both on one node of a cluster.
    keys = (f"{{iotflow:arrival}}:{device_id}", "{iotflow:arrival}:began")

    async def work(redis: "Redis") -> Any:
        try:
            return await redis.evalsha(_NAME, len(keys), *keys, *arguments, 0)
        except NoScriptError:
            return await redis.eval(GIVE, len(keys), *keys, *arguments, 1)

    return work
