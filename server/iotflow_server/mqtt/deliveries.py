"""Times of readings that arrived by MQTT without one, the same for each arrival of a message.

The time of a message is durable before its readings are stored. A message that is sent again, because its acknowledgement was lost,
gets the time that it had, so that its readings overwrite themselves.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from iotflow_server.db.database import Database
from iotflow_server.db.models import MqttDeliveryRow, MqttSessionRow
from iotflow_server.errors import LimitExceeded
from iotflow_server.telemetry.ports import SERVER
from iotflow_server.telemetry.timestamps import TimestampAllocator

# Messages of a session whose times are kept: one for each remainder of the packet identifier, which most clients count up. More
# than the receive maximum of the endpoint.
SLOTS = 1_024
# Devices whose times are allocated concurrently. An allocation may query the store.
CONCURRENT_ALLOCATIONS = 32
# Longest time for which a call waits until the times of a device are past; the caller has to repeat the others.
PATIENCE_SECONDS = 0.02
KEY = (MqttDeliveryRow.session_id, MqttDeliveryRow.slot)
# Messages whose acknowledgement the client may lack. A client that uses an identifier again may lose a new message on the way.
EARLIER = (
    select(*MqttDeliveryRow.__table__.columns)
    .join(MqttSessionRow, MqttSessionRow.id == MqttDeliveryRow.session_id)
    .where(or_(MqttSessionRow.received_until.is_(None), MqttDeliveryRow.first > MqttSessionRow.received_until))
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message with readings without a time; see MqttDelivery of the contract. connection: 0: not known."""

    device_id: int
    readings: int
    session_id: int
    packet_id: int
    digest: int
    is_resent: bool
    connection: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """The key of its row."""
        return self.session_id, self.packet_id % SLOTS


@dataclass(frozen=True, slots=True)
class DeliveryTimes:
    """The times first, first + step, … of the readings of a message. first: 0: there are none; retry_after: seconds after which the
    caller asks again, or 0 if it does not hold the session."""

    first: int = 0
    step: int = 0
    retry_after: float = 0.0


NOT_HELD = DeliveryTimes()


class MqttDeliveries:
    """started: milliseconds since 1970 UTC. Times that an earlier process allocated, and whose readings are not stored yet, are before
    that; no later message gets one of them."""

    def __init__(self, database: Database, timestamps: TimestampAllocator, now: Callable[[], int]) -> None:
        self._database = database
        self._timestamps = timestamps
        self._started = now()

    async def allocate(
        self, endpoint: str, deliveries: Sequence[Delivery], *, caller: str = SERVER
    ) -> list[DeliveryTimes]:
        """The times of each message, durable on return. caller: as for TimestampAllocator. Raises Unavailable."""
        times = await self._earlier([one for one in deliveries if one.is_resent])
        new = [one for one in deliveries if one not in times]
        times |= await self._new(new, caller)
        stored = [one for one in new if times[one].first]
        held = await self._store(endpoint, deliveries, [(one, times[one]) for one in stored])
        return [times[one] if _is_held(one, held) else NOT_HELD for one in deliveries]

    async def _earlier(self, resent: Sequence[Delivery]) -> dict[Delivery, DeliveryTimes]:
        """The times of messages that have arrived before."""
        if not resent:
            return {}
        statement = EARLIER.where(tuple_(*KEY).in_({one.key for one in resent}))
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        found = {(row.session_id, row.packet_id, row.digest): row for row in rows}
        same = ((one, found.get((one.session_id, one.packet_id, one.digest))) for one in resent)
        return {one: DeliveryTimes(row.first, row.step) for one, row in same if row is not None}

    async def _new(self, deliveries: Sequence[Delivery], caller: str) -> dict[Delivery, DeliveryTimes]:
        """New times. All messages of a device get theirs from one allocation."""
        readings: Counter[int] = Counter()
        for one in deliveries:
            readings[one.device_id] += one.readings
        allocated = await self._allocated(readings, caller)
        times: dict[Delivery, DeliveryTimes] = {}
        for one in deliveries:
            found = allocated[one.device_id]
            if isinstance(found, range):
                times[one] = DeliveryTimes(found.start, found.step)
                allocated[one.device_id] = found[one.readings :]
            else:
                times[one] = DeliveryTimes(retry_after=found)
        return times

    async def _allocated(self, readings: Mapping[int, int], caller: str) -> dict[int, range | float]:
        """For each device its times, or the seconds after which it can have some."""
        found: dict[int, range | float] = {}
        for some in _pieces(list(readings), CONCURRENT_ALLOCATIONS):
            allocations = [self._allocate(device_id, readings[device_id], caller) for device_id in some]
            found |= zip(some, await asyncio.gather(*allocations), strict=True)
        return found

    async def _allocate(self, device_id: int, readings: int, caller: str) -> range | float:
        while True:
            try:
                return await self._timestamps.allocate(
                    device_id, readings, caller=caller, after=self._started, ahead_ms=0
                )
            except LimitExceeded as error:
                wait = error.retry_after or 0.0
                if wait > PATIENCE_SECONDS:
                    return wait
            await asyncio.sleep(wait)

    async def _store(
        self, endpoint: str, deliveries: Sequence[Delivery], times: Sequence[tuple[Delivery, DeliveryTimes]]
    ) -> dict[int, int]:
        """Store the times of messages of sessions that the endpoint holds; those sessions, as _held() returns them."""
        sessions = {one.session_id for one in deliveries}
        if not times:
            return await self._database.read(lambda connection: _held(connection, endpoint, sessions))
        return await self._database.write(lambda connection: _store(connection, endpoint, sessions, times))


def _row(one: Delivery, times: DeliveryTimes) -> dict[str, int]:
    session_id, slot = one.key
    return {
        "session_id": session_id,
        "slot": slot,
        "packet_id": one.packet_id,
        "digest": one.digest,
        "first": times.first,
        "step": times.step,
    }


def _is_held(one: Delivery, held: Mapping[int, int]) -> bool:
    """Whether the endpoint has held the session since the message arrived. Otherwise another one may have received it, too."""
    since = held.get(one.session_id)
    return since is not None and (not one.connection or one.connection >= since)


def _held(connection: Connection, endpoint: str, sessions: Iterable[int]) -> dict[int, int]:
    """The sessions that the endpoint holds, with the first connection since. No other one can open them before the end of the
    transaction."""
    held = (
        select(MqttSessionRow.id, MqttSessionRow.held_since)
        .where(MqttSessionRow.id.in_(sessions), MqttSessionRow.endpoint == endpoint)
        .order_by(MqttSessionRow.id)
    )
    return {row.id: row.held_since for row in connection.execute(held.with_for_update(read=True))}


def _store(
    connection: Connection,
    endpoint: str,
    sessions: Iterable[int],
    times: Sequence[tuple[Delivery, DeliveryTimes]],
) -> dict[int, int]:
    held = _held(connection, endpoint, sessions)
    rows = {one.key: _row(one, found) for one, found in times if _is_held(one, held)}
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        new = dialect.insert(MqttDeliveryRow)
        changed = {name: new.excluded[name] for name in ("packet_id", "digest", "first", "step")}
        # In order: transactions lock the same rows in the same order.
        ordered = [rows[key] for key in sorted(rows)]
        connection.execute(new.on_conflict_do_update(index_elements=KEY, set_=changed), ordered)
    return held


def _pieces(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (ids[first : first + size] for first in range(0, len(ids), size))
