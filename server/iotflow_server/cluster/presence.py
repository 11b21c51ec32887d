"""PresenceBoard in Redis: a stream that keeps the last seconds."""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from redis.asyncio import Redis
from redis.typing import EncodableT

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.presence.last_seen import SessionReport, Sightings

# More than it takes until all of it is in the devices' rows. When nobody tells any more, the whole stream ends.
KEEP_MS, END_SECONDS = 5_000, 60

_KEY = "iotflow:presence"
_BEGINNING = "0-0"
# Microseconds since 1970 UTC; ids follow.
_AT = struct.Struct("<q")
# Device, whether it has a session, and when that was said.
_SAID = struct.Struct("<q?q")


class RedisPresenceBoard:
    """An entry is what one process told at a time: some bytes for each device, and little work for Redis."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection
        self._place = _BEGINNING

    async def exchange(self, heard: Sightings | None) -> Sequence[Sightings]:
        place, self._place = self._place, _BEGINNING
        answers = await self._connection.run(_step(place, heard))
        found = [entry for _, entries in answers[0] or () for entry in entries]
        # Both were done as one step: behind one's own entry is nothing that was not read.
        last = answers[1] if heard else found[-1][0] if found else place.encode()
        self._place = last.decode()
        return list(map(_decoded, (fields for _, fields in found)))


def _step(place: str, heard: Sightings | None) -> Callable[["Redis"], Any]:
    async def work(redis: "Redis") -> Any:
        async with redis.pipeline(transaction=True) as pipeline:
            pipeline.xread({_KEY: place})
            if heard:
                oldest = f"{max(0, int(place.partition('-')[0]) - KEEP_MS)}-0"
                pipeline.xadd(_KEY, _encoded(heard), minid=oldest, approximate=False)
                pipeline.expire(_KEY, END_SECONDS)
            return await pipeline.execute()

    return work


def _encoded(heard: Sightings) -> dict[EncodableT, EncodableT]:
    fields: dict[EncodableT, EncodableT] = {"h": _AT.pack(_microseconds(heard.at)) + heard.device_ids.tobytes()}
    if heard.said:
        fields["s"] = b"".join(_SAID.pack(one.device_id, one.online, _microseconds(one.at)) for one in heard.said)
    return fields


def _decoded(fields: dict[bytes, bytes]) -> Sightings:
    entry = fields[b"h"]
    said = tuple(
        SessionReport(device_id, online, _moment(at))
        for device_id, online, at in _SAID.iter_unpack(fields.get(b"s", b""))
    )
    return Sightings(_moment(_AT.unpack_from(entry)[0]), np.frombuffer(entry, np.int64, offset=_AT.size), said)


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
