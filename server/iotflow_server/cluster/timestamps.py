"""Allocation of timestamps that all server processes share."""

from collections.abc import Callable
from hashlib import sha1
from time import monotonic
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.ports import SERVER
from iotflow_server.telemetry.timestamps import AHEAD_MS, LocalTimestampAllocator, NewestTimestamps, TimestampStride

# Redis allocates the even milliseconds, processes without Redis the odd ones. A process that loses or regains Redis never
# allocates a timestamp of another process, whether or not the others can reach Redis.
SHARED = TimestampStride(2, 0)

# Longest time an allocation waits for Redis, and how long a process allocates alone after a failure.
PATIENCE_SECONDS, ALONE_SECONDS = 0.5, 1.0
# Longer than the timestamps of one call reach into past and future; older ones cannot be allocated again.
KEEP_MS = 600_000

# ARGV: now, readings, the newest timestamp known to the caller, the largest distance from now, 1 if the server did not know this
# script.
# Redis forgets scripts when it starts (since version 7), and may have lost newer timestamps. The ones it allocated before
# are at most AHEAD_MS after that moment: until then it allocates none.
_ALLOCATE = f"""
local now, readings, newest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local began = redis.call('GET', KEYS[2])
if ARGV[5] == '1' or not began then
  began = now
  redis.call('SET', KEYS[2], string.format('%.0f', now))
end
local earliest = now - readings * {SHARED.step}
if earliest < began + {AHEAD_MS} then return false end
local behind = math.max(earliest, newest, tonumber(redis.call('GET', KEYS[1]) or 0))
local first = behind + 1 + ({SHARED.rest} - behind - 1) % {SHARED.step}
local last = first + (readings - 1) * {SHARED.step}
if last <= now + tonumber(ARGV[4]) then
  redis.call('SET', KEYS[1], string.format('%.0f', last), 'PX', {KEEP_MS})
end
return first
"""
_NAME = sha1(_ALLOCATE.encode()).hexdigest()  # noqa: S324


# Division of the odd milliseconds: each of the first three servers has half of the remaining ones, so that few servers get
# many; up to OTHERS further servers share the rest.
FIRST, OTHERS = (TimestampStride(4, 1), TimestampStride(8, 3), TimestampStride(16, 7)), 8
REST = TimestampStride(16, 15)


def own_stride(number: int, of: int, server: int = 1) -> TimestampStride:
    """The stride of process `number` (from 1) of `of` processes on server `server` (from 1, up to three plus OTHERS). Strides
    are disjoint, whatever the number of processes on the other servers."""
    stride = _of_server(server)
    return TimestampStride(stride.step * of, stride.rest + stride.step * (number - 1))


def _of_server(server: int) -> TimestampStride:
    if server <= len(FIRST):
        return FIRST[server - 1]
    return TimestampStride(REST.step * OTHERS, REST.rest + REST.step * (server - len(FIRST) - 1))


class RedisTimestampAllocator:
    """TimestampAllocator in Redis, which keeps the newest timestamp of each device.

    While Redis is away, or may have lost newer timestamps, this process allocates from its own stride by `alone`.
    """

    def __init__(
        self,
        *,
        connection: RedisConnection,
        newest: NewestTimestamps,
        now: Callable[[], int],
        alone: LocalTimestampAllocator,
        timer: Callable[[], float] = monotonic,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._connection = connection
        self._newest = newest
        self._now = now
        self._alone = alone
        self._timer = timer
        self._patience = patience_seconds
        self._alone_until = 0.0

    async def allocate(
        self, device_id: int, readings: int, *, caller: str = SERVER, after: int = 0, ahead_ms: int = AHEAD_MS
    ) -> range:
        newest = max(after, await self._newest.newest(device_id, caller))
        now = self._now()
        first = await self._first(device_id, now, readings, newest, ahead_ms)
        if first is None:
            return await self._alone.allocate(device_id, readings, caller=caller, after=after, ahead_ms=ahead_ms)
        times = SHARED.after(first - 1, readings)
        if times[-1] > now + ahead_ms:
            raise SHARED.rate_exceeded(times[-1] - now, ahead_ms)
        self._newest.record(device_id, times[-1])
        return times

    async def _first(self, device_id: int, *arguments: int) -> int | None:
        """The first timestamp allocated by Redis; None: Redis allocates none now. arguments: of the script."""
        if self._timer() < self._alone_until:
            return None
        if not self._connection.available:
            # This call probes Redis; concurrent ones do not wait for it.
            self._alone_until = self._timer() + ALONE_SECONDS
        try:
            first: int | None = await self._connection.run(
                _allocate_in_redis(device_id, *arguments), seconds=self._patience
            )
        except Unavailable:
            self._alone_until = self._timer() + ALONE_SECONDS
            return None
        self._alone_until = 0.0
        return first


def _allocate_in_redis(device_id: int, *arguments: int) -> Callable[["Redis"], Any]:
    # The braces keep both keys on one node of a cluster.
    keys = (f"{{iotflow:arrival}}:{device_id}", "{iotflow:arrival}:began")

    async def work(redis: "Redis") -> Any:
        try:
            return await redis.evalsha(_NAME, len(keys), *keys, *arguments, 0)
        except NoScriptError:
            return await redis.eval(_ALLOCATE, len(keys), *keys, *arguments, 1)

    return work
