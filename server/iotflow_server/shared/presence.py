"""PresenceBoard in Redis: a stream that keeps the last seconds."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from redis.asyncio import Redis

from iotflow_server.devices.presence import Heard
from iotflow_server.shared.connection import RedisConnection

# More than it takes until all of it is in the devices' rows. When nobody tells any more, the whole stream ends.
KEEP_MS, END_SECONDS = 5_000, 60

_KEY = "iotflow:presence"
_BEGINNING = "0-0"
# Microseconds since 1970 UTC; ids follow.
_AT = struct.Struct("<q")


class RedisPresenceBoard:
    """An entry is what one process told at a time: some bytes for each device, and little work for Redis."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection
        self._place = _BEGINNING

    async def exchange(self, heard: Heard | None) -> Sequence[Heard]:
        place, self._place = self._place, _BEGINNING
        answers = await self._connection.run(_step(place, heard))
        found = [entry for _, entries in answers[0] or () for entry in entries]
        # Both were done as one step: behind one's own entry is nothing that was not read.
        last = answers[1] if heard else found[-1][0] if found else place.encode()
        self._place = last.decode()
        return list(_decoded(fields[b"h"] for _, fields in found))


def _step(place: str, heard: Heard | None) -> Callable[["Redis"], Any]:
    async def work(redis: "Redis") -> Any:
        async with redis.pipeline(transaction=True) as pipeline:
            pipeline.xread({_KEY: place})
            if heard:
                oldest = f"{max(0, int(place.partition('-')[0]) - KEEP_MS)}-0"
                pipeline.xadd(_KEY, {"h": _encoded(heard)}, minid=oldest, approximate=False)
                pipeline.expire(_KEY, END_SECONDS)
            return await pipeline.execute()

    return work


def _encoded(heard: Heard) -> bytes:
    return _AT.pack(round(heard.at.timestamp() * 1_000_000)) + heard.device_ids.tobytes()


def _decoded(entries: Iterable[bytes]) -> Iterator[Heard]:
    for entry in entries:
        at = datetime.fromtimestamp(_AT.unpack_from(entry)[0] / 1_000_000, UTC)
        yield Heard(at, np.frombuffer(entry, np.int64, offset=_AT.size))
