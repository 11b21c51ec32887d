"""The Redis stream that all server processes write to and read from.

The id of an entry is `<epoch>-<bytes>`. bytes: total size of the stream since it began, including this entry, so that
trimming by id bounds the memory of Redis exactly. epoch: time at which the stream began; a stream that Redis lost gets a
later epoch. Each entry also has the total number of readings, which tells a reader how many it missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from iotflow_server.cluster.connection import RedisConnection, Script
from iotflow_server.errors import Unavailable

# Size of the stream in Redis: readers that are further behind miss entries.
STREAM_BYTES = 64 * 2**20
# Largest number of entries in one response.
READ_ENTRIES = 16
# How long Redis waits for entries to read, and how long the response may then take.
BLOCK_SECONDS, ANSWER_SECONDS = 1.0, 1.0

# The braces keep both keys on one node of a cluster.
_KEYS = ("{iotflow:live}:stream", "{iotflow:live}:totals")

# Returns epoch, bytes and readings; begins an epoch if there is none. Numbers as text: Lua would round large ones.
_OPEN = Script(
    """
local epoch = redis.call('HGET', KEYS[2], 'epoch')
if not epoch then
  local now = redis.call('TIME')
  epoch = string.format('%.0f', now[1] * 1000000 + now[2])
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[2], 'epoch', epoch, 'bytes', 0, 'readings', 0)
end
return redis.call('HMGET', KEYS[2], 'epoch', 'bytes', 'readings')
""",
    *_KEYS,
)

# ARGV: epoch, limit, then readings and payload of each entry. Adds nothing to a stream of another epoch.
_APPEND = Script(
    """
local epoch = redis.call('HGET', KEYS[2], 'epoch')
if epoch ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do
  local bytes = redis.call('HINCRBY', KEYS[2], 'bytes', #ARGV[i + 1] + 64)
  local readings = redis.call('HINCRBY', KEYS[2], 'readings', ARGV[i])
  local oldest = string.format('%s-%.0f', epoch, math.max(0, bytes - ARGV[2]))
  local id = string.format('%s-%.0f', epoch, bytes)
  redis.call('XADD', KEYS[1], 'MINID', '~', oldest, id, 'r', string.format('%.0f', readings), 'e', ARGV[i + 1])
end
return 1
""",
    *_KEYS,
)


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """Position behind an entry: its id, and the number of readings up to it."""

    epoch: int
    bytes: int = 0
    readings: int = 0


class LiveStream:
    """The stream; methods raise Unavailable. limit_bytes: approximate size in Redis."""

    def __init__(self, connection: RedisConnection, limit_bytes: int = STREAM_BYTES) -> None:
        self._connection = connection
        self._limit = limit_bytes

    async def end(self) -> StreamPosition:
        """The position behind the last entry."""
        epoch, size, readings = await self._connection.run(_OPEN.call())
        return StreamPosition(int(epoch), int(size), int(readings))

    async def append(self, epoch: int, entries: Sequence[tuple[int, bytes]], seconds: float) -> None:
        """Append entries, given as number of readings and payload, all or none, within `seconds`.

        Raises Unavailable if they may or may not have been appended, or if the stream has another epoch.
        """
        arguments = [epoch, self._limit, *(part for one in entries for part in one)]
        if not await self._connection.run(_APPEND.call(*arguments), seconds=seconds):
            raise Unavailable("REDIS_EMPTIED", "Redis has lost its data; live readings continue with the new stream.")

    async def read(self, position: StreamPosition) -> list[tuple[StreamPosition, bytes]]:
        """The next entries, each with the position behind it; waits up to BLOCK_SECONDS for the first."""

        async def work(redis: "Redis") -> Any:
            start = f"{position.epoch}-{position.bytes}"
            return await redis.xread({_KEYS[0]: start}, READ_ENTRIES, int(BLOCK_SECONDS * 1_000))

        answer = await self._connection.run(work, seconds=BLOCK_SECONDS + ANSWER_SECONDS)
        return [_entry(*one) for _, entries in answer for one in entries]


def _entry(name: bytes, fields: dict[bytes, bytes]) -> tuple[StreamPosition, bytes]:
    epoch, _, size = name.partition(b"-")
    return StreamPosition(int(epoch), int(size), int(fields[b"r"])), fields[b"e"]
