"""Reads the packets of MQTT 3.1.1 that clients send, within limits that are checked before the bytes are read."""

import asyncio
from dataclasses import dataclass
from enum import IntEnum

from iotflow_gateway.pipeline.payloads import LONGEST

# Largest number of bytes of a packet's size.
SIZE_BYTES = 4
# A PUBLISH has a topic, its length and a packet id before its payload.
LARGEST_PUBLISH = LONGEST + 2**16
LARGEST_CONNECT = LARGEST_SUBSCRIBE = 2**16
# A larger packet waits until the packets being read leave room for it.
SMALL = 2**16
# Time from the first byte of a packet to the end of its header, and from there to its last byte.
PACKET_SECONDS = 30.0


class MalformedPacket(Exception):
    """A packet violates the protocol or a limit; the message states which."""


class Type(IntEnum):
    """The types of packets that a client sends."""

    CONNECT = 1
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    UNSUBSCRIBE = 10
    PINGREQ = 12
    DISCONNECT = 14


LARGEST = {
    Type.CONNECT: LARGEST_CONNECT,
    Type.PUBLISH: LARGEST_PUBLISH,
    Type.SUBSCRIBE: LARGEST_SUBSCRIBE,
    Type.UNSUBSCRIBE: LARGEST_SUBSCRIBE,
    Type.PINGREQ: 0,
    Type.DISCONNECT: 0,
}
# Size of the other types, which hold a packet id only.
ID_SIZE = 2
# Flags of the fixed header by MQTT 3.1.1, table 2.2, if not 0. PUBLISH has flags with a meaning.
FLAGS = {Type.PUBREL: 2, Type.SUBSCRIBE: 2, Type.UNSUBSCRIBE: 2}


@dataclass(frozen=True, slots=True)
class Packet:
    """header: the fixed header. flags: the lower half of its first byte. body: the bytes after it."""

    type: Type
    flags: int
    header: bytes
    body: bytes


class ReadBudget:
    """Memory for large packets while they are read. size: in bytes, for all connections together. may_read: set while messages are
    accepted."""

    def __init__(self, size: int, may_read: asyncio.Event) -> None:
        self._free = size
        self._may_read = may_read
        self._changed = asyncio.Event()

    async def acquire(self, size: int) -> None:
        """Wait until the size is free."""
        while self._free < size or not self._may_read.is_set():
            await self._may_read.wait()
            if self._free < size:
                self._changed.clear()
                await self._changed.wait()
        self._free -= size

    def release(self, size: int) -> None:
        """Free an acquired size. The method does not wait: a closed connection may be cancelled more than once."""
        self._free += size
        self._changed.set()


class PacketReader:
    """budget: shared by all connections."""

    def __init__(self, reader: asyncio.StreamReader, budget: ReadBudget) -> None:
        self._reader = reader
        self._budget = budget
        # Whether any byte has arrived.
        self.has_begun = False

    async def next(self, within: float | None) -> Packet | None:
        """The next packet; None: the client has closed the connection. within: seconds until its first byte.

        Raises MalformedPacket, and TimeoutError if the packet does not arrive in time.
        """
        try:
            async with asyncio.timeout(within):
                first = await self._reader.readexactly(1)
            self.has_begun = True
            async with asyncio.timeout(PACKET_SECONDS):
                packet_type, header, size = await self._header(first)
            return Packet(packet_type, first[0] & 0x0F, header, await self._body(size))
        except TimeoutError:
            # It is an OSError.
            raise
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def _header(self, first: bytes) -> tuple[Type, bytes, int]:
        packet_type = _type(first[0])
        header, size = await self._size(first)
        largest = LARGEST.get(packet_type, ID_SIZE)
        if size > largest:
            raise MalformedPacket(f"{packet_type.name} of {size} bytes: the limit is {largest}")
        if packet_type is not Type.PUBLISH and first[0] & 0x0F != FLAGS.get(packet_type, 0):
            raise MalformedPacket(f"{packet_type.name} has reserved flags")
        return packet_type, header, size

    async def _size(self, header: bytes) -> tuple[bytes, int]:
        size = 0
        for place in range(SIZE_BYTES):
            digit = await self._reader.readexactly(1)
            header += digit
            size += (digit[0] & 0x7F) << 7 * place
            if digit[0] < 0x80:
                return header, size
        raise MalformedPacket(f"the size of a packet has more than {SIZE_BYTES} bytes")

    async def _body(self, size: int) -> bytes:
        if size <= SMALL:
            return await self._read(size)
        # The client has no part in this wait, so that no timeout applies to it.
        await self._budget.acquire(size)
        try:
            return await self._read(size)
        finally:
            self._budget.release(size)

    async def _read(self, size: int) -> bytes:
        async with asyncio.timeout(PACKET_SECONDS):
            return await self._reader.readexactly(size)


def _type(first: int) -> Type:
    try:
        return Type(first >> 4)
    except ValueError:
        raise MalformedPacket(f"a client cannot send a packet of type {first >> 4}") from None
