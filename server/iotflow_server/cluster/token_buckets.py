"""Token buckets that all servers share through Redis.

The rule is the one of LocalBuckets, so that a caller has the same limit with and without Redis. The library `limits` has no
token bucket: a caller who used up its calls would wait up to a minute for the next one, and a refusal takes two round trips.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from iotflow_server.cluster.connection import RedisConnection, Script
from iotflow_server.errors import Unavailable
from iotflow_server.interceptors.token_buckets import BucketsFactory, LocalBuckets

# Longest time a round trip holds up calls: a call waits for the trip in progress and for its own.
PATIENCE_SECONDS = 0.025
# After a failure, limits are local for this time.
ALONE_SECONDS = 1.0
# Requests of one round trip; bounds the script to a few milliseconds, during which Redis serves no other call.
MOST_TOGETHER = 1_000

# ARGV: for each request the key, the tokens of a full bucket, and those to take, 0 or 1. Returns the tokens before that.
# Keys hold the tokens and when they were counted. They expire when the bucket is full. The time is that of Redis, and a step
# back of its clock does not take tokens.
_TAKE = Script("""
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local found = {}
for first = 1, #ARGV, 3 do
  local key, most, wanted = ARGV[first], tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
  local left, since = most, now
  local kept = redis.call('GET', key)
  if kept then
    left, since = struct.unpack('dd', kept)
    left = math.min(most, left + math.max(0, now - since) * most / 60)
  end
  found[#found + 1] = string.format('%.17g', left)
  if left >= wanted then left = left - wanted end
  if left < most then
    redis.call('SET', key, struct.pack('dd', left, now), 'PX', math.ceil((most - left) * 60000 / most))
  end
end
return found
""")


class _Request(NamedTuple):
    """result: the tokens, or None if the limit is local now."""

    arguments: tuple[str, int, int]
    result: "asyncio.Future[float | None]"


class RedisBuckets:
    """Carries the requests of this process to Redis, all that wait in one round trip.

    No request waits longer than two times patience_seconds, even if Redis hangs: then, and for ALONE_SECONDS after a failure,
    they return at once, without a result.
    """

    def __init__(self, connection: RedisConnection, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._connection = connection
        self._patience = patience_seconds
        self._waiting: list[_Request] = []
        self._trip: asyncio.Task[None] | None = None
        self._is_late = False
        self._alone_until = 0.0

    async def request(self, key: str, per_minute: int, wanted: int) -> float | None:
        """The tokens in a bucket, of which `wanted` (0 or 1) are taken; None: Redis is away or too slow."""
        if self._is_late or monotonic() < self._alone_until or len(self._waiting) == MOST_TOGETHER:
            return None
        request = _Request((key, per_minute, wanted), asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        if self._trip is None:
            self._trip = asyncio.create_task(self._make_trips(), name="token buckets")
        return await request.result

    async def close(self) -> None:
        """End the round trip in progress."""
        if self._trip is not None:
            self._trip.cancel()
            await asyncio.wait([self._trip])

    async def _make_trips(self) -> None:
        try:
            while self._waiting:
                together, self._waiting = self._waiting, []
                await self._make_trip(together)
        finally:
            self._trip = None
            _answer(self._waiting, ())

    async def _make_trip(self, together: Sequence[_Request]) -> None:
        found: Sequence[bytes] = ()
        late = asyncio.get_running_loop().call_later(self._patience, self._give_up, together)
        try:
            # Its time limit is the usual one: a slow round trip must not count as a failure of Redis.
            found = await self._connection.run(_TAKE.call(*(word for one in together for word in one.arguments)))
        except Unavailable:
            self._alone_until = monotonic() + ALONE_SECONDS
        finally:
            late.cancel()
            self._is_late = False
            _answer(together, found)

    def _give_up(self, together: Sequence[_Request]) -> None:
        self._is_late = True
        _answer([*together, *self._waiting], ())
        self._waiting.clear()


def _answer(requests: Sequence[_Request], found: Sequence[bytes]) -> None:
    """Return the results to the callers; found: empty without results."""
    for number, request in enumerate(requests):
        if not request.result.done():
            request.result.set_result(float(found[number]) if found else None)


class SharedBuckets:
    """The buckets of one limit. A call must get a token of this process and one of Redis, if Redis responds.

    So a caller that is far above its limit costs no round trips, and the local buckets are right when Redis goes away.
    """

    def __init__(self, name: str, local: LocalBuckets, shared: RedisBuckets) -> None:
        self._prefix = f"iotflow:limit:{name}:"
        self._local = local
        self._shared = shared

    @property
    def per_minute(self) -> int:
        return self._local.per_minute

    async def take(self, name: str) -> float:
        return await self._fewest(await self._local.take(name), name, 1)

    async def left(self, name: str) -> float:
        return await self._fewest(await self._local.left(name), name, 0)

    async def _fewest(self, left: float, name: str, wanted: int) -> float:
        if left < 1:
            return left
        shared = await self._shared.request(self._prefix + name, self.per_minute, wanted)
        return left if shared is None else min(left, shared)


def shared_buckets(shared: RedisBuckets) -> BucketsFactory:
    """Makes buckets that all servers share."""
    return lambda name, per_minute: SharedBuckets(name, LocalBuckets(per_minute), shared)
