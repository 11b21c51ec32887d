"""Messages to one client: in flight until it acknowledges them, or queued while they cannot be sent."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from iotflow_gateway.endpoint.limits import (
    MOST_BYTES_IN_FLIGHT,
    MOST_IN_FLIGHT,
    MOST_OUTGOING_BYTES,
    MOST_QUEUED,
    MOST_QUEUED_BYTES,
)
from iotflow_gateway.endpoint.publication import Outgoing
from iotflow_gateway.mqtt import Pubrel, ReasonCode, Version

LARGEST_PACKET_ID = 65_535


@dataclass(slots=True)
class OutgoingBytes:
    """The size of the messages of all sessions."""

    total: int = 0


@dataclass(frozen=True, slots=True)
class Receiver:
    """What the client of a connection accepts. write: sends a packet. is_writable: whether it reads what is sent to it.
    receive_maximum: messages of QoS 1 and 2 at a time. largest: size of a packet; 0: no limit."""

    version: Version
    write: Callable[[bytes], None]
    is_writable: Callable[[], bool]
    receive_maximum: int = LARGEST_PACKET_ID
    largest: int = 0


class Outbound:
    """The messages of a session. They outlive a connection, except those with an answer that is awaited."""

    def __init__(self, all_bytes: OutgoingBytes) -> None:
        self._all = all_bytes
        self._receiver: Receiver | None = None
        self._in_flight: dict[int, Outgoing] = {}
        self._queued: deque[Outgoing] = deque()
        self._bytes = 0
        self._last_id = 0
        self._drained = asyncio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether no message waits."""
        return not (self._in_flight or self._queued)

    async def drained(self) -> None:
        """Wait until no message waits."""
        while not self.is_empty:
            self._drained.clear()
            await self._drained.wait()

    def attach(self, receiver: Receiver) -> None:
        """Send what waits to a new connection: first the messages that were sent before [MQTT-4.4.0-1]."""
        self._receiver = receiver
        for outgoing in list(self._in_flight.values()):
            if outgoing.is_released:
                self._release(outgoing.packet_id)
            else:
                self._write(outgoing, is_dup=True)
        self._send_queued()

    def detach(self) -> None:
        """Keep what waits for the next connection."""
        self._receiver = None
        for outgoing in [*self._in_flight.values(), *self._queued]:
            if outgoing.answer:
                self.withdraw(outgoing)

    def clear(self) -> None:
        """Drop all messages: the session has ended."""
        self._receiver = None
        for outgoing in [*self._in_flight.values(), *self._queued]:
            self.withdraw(outgoing)

    def send(self, outgoing: Outgoing) -> bool:
        """Send a message, or queue it. False: it is dropped, because a limit is reached or the client cannot receive it."""
        if not outgoing.qos:
            return self._send_at_most_once(outgoing)
        if not self._has_room(outgoing.size):
            return False
        self._count(outgoing.size)
        self._queued.append(outgoing)
        self._send_queued()
        return True

    def acknowledge(self, packet_id: int) -> None:
        """Process PUBACK or PUBCOMP, or PUBREC with a failure: the identifier is free again."""
        outgoing = self._in_flight.pop(packet_id, None)
        if outgoing:
            self._count(-outgoing.size)
            outgoing.resolve(is_received=True)
            self._send_queued()

    def receive_first(self, packet_id: int) -> None:
        """Process PUBREC: the client has a message of QoS 2, and its identifier is released."""
        outgoing = self._in_flight.get(packet_id)
        if outgoing:
            outgoing.is_released = True
        self._release(packet_id, ReasonCode.SUCCESS if outgoing else ReasonCode.PACKET_IDENTIFIER_NOT_FOUND)

    def withdraw(self, outgoing: Outgoing) -> None:
        """Drop a message, if it is not acknowledged."""
        if self._in_flight.get(outgoing.packet_id) is outgoing:
            del self._in_flight[outgoing.packet_id]
        elif outgoing in self._queued:
            self._queued.remove(outgoing)
        else:
            return
        self._count(-outgoing.size)
        outgoing.resolve(is_received=False)

    def _release(self, packet_id: int, code: ReasonCode = ReasonCode.SUCCESS) -> None:
        if self._receiver:
            self._receiver.write(Pubrel(packet_id, code).encode(self._receiver.version))

    def _send_at_most_once(self, outgoing: Outgoing) -> bool:
        receiver = self._receiver
        return bool(receiver and receiver.is_writable() and self._write(outgoing))

    def _send_queued(self) -> None:
        receiver = self._receiver
        while receiver and self._queued and len(self._in_flight) < receiver.receive_maximum:
            outgoing = self._queued.popleft()
            outgoing.packet_id = self._next_id()
            self._in_flight[outgoing.packet_id] = outgoing
            if outgoing.publication.is_expired or not self._write(outgoing):
                self.withdraw(outgoing)

    def _write(self, outgoing: Outgoing, *, is_dup: bool = False) -> bool:
        """False: the client accepts no packet of this size."""
        receiver = self._receiver
        if not receiver:
            return False
        packet = outgoing.encode(receiver.version, is_dup=is_dup)
        if receiver.largest and len(packet) > receiver.largest:
            return False
        receiver.write(packet)
        return True

    def _has_room(self, size: int) -> bool:
        count = len(self._queued) + len(self._in_flight)
        is_connected = self._receiver is not None
        most = MOST_IN_FLIGHT if is_connected else MOST_QUEUED
        most_bytes = MOST_BYTES_IN_FLIGHT if is_connected else MOST_QUEUED_BYTES
        return count < most and self._bytes + size <= most_bytes and self._all.total + size <= MOST_OUTGOING_BYTES

    def _count(self, size: int) -> None:
        self._bytes += size
        self._all.total += size
        if self.is_empty:
            self._drained.set()

    def _next_id(self) -> int:
        while True:
            self._last_id = self._last_id % LARGEST_PACKET_ID + 1
            if self._last_id not in self._in_flight:
                return self._last_id
