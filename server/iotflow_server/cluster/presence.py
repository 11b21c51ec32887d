"""PresenceBoard in Redis: a stream of the last seconds."""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from redis.asyncio import Redis
from redis.typing import EncodableT

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.presence.last_seen import SessionReport, Sightings

# Longer than it takes until sightings are in the database. The stream expires when no process writes to it.
KEEP_MS, END_SECONDS = 5_000, 60

_KEY = "iotflow:presence"
_BEGINNING = "0-0"
# Microseconds since 1970 UTC; ids follow.
_AT = struct.Struct("<q")
# Device, whether it has a session, and the time of the report.
_REPORT = struct.Struct("<q?q")


class RedisPresenceBoard:
    """An entry holds the sightings of one process: some bytes per device, and little work for Redis."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection
        self._position = _BEGINNING

    async def exchange(self, sightings: Sightings | None) -> Sequence[Sightings]:
        position, self._position = self._position, _BEGINNING
        answers = await self._connection.run(_step(position, sightings))
        found = [entry for _, entries in answers[0] or () for entry in entries]
        # Read and append are one transaction: everything before the own entry was read.
        last = answers[1] if sightings else found[-1][0] if found else position.encode()
        self._position = last.decode()
        return list(map(_decoded, (fields for _, fields in found)))


def _step(position: str, sightings: Sightings | None) -> Callable[["Redis"], Any]:
    async def work(redis: "Redis") -> Any:
        async with redis.pipeline(transaction=True) as pipeline:
            pipeline.xread({_KEY: position})
            if sightings:
                oldest = f"{max(0, int(position.partition('-')[0]) - KEEP_MS)}-0"
                pipeline.xadd(_KEY, _encoded(sightings), minid=oldest, approximate=False)
                pipeline.expire(_KEY, END_SECONDS)
            return await pipeline.execute()

    return work


def _encoded(sightings: Sightings) -> dict[EncodableT, EncodableT]:
    fields: dict[EncodableT, EncodableT] = {"h": _AT.pack(_microseconds(sightings.at)) + sightings.device_ids.tobytes()}
    if sightings.sessions:
        fields["s"] = b"".join(
            _REPORT.pack(one.device_id, one.online, _microseconds(one.at)) for one in sightings.sessions
        )
    return fields


def _decoded(fields: dict[bytes, bytes]) -> Sightings:
    entry = fields[b"h"]
    said = tuple(
        SessionReport(device_id, online, _moment(at))
        for device_id, online, at in _REPORT.iter_unpack(fields.get(b"s", b""))
    )
    return Sightings(_moment(_AT.unpack_from(entry)[0]), np.frombuffer(entry, np.int64, offset=_AT.size), said)


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
