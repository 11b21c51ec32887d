"""Packets of MQTT 3.1.1 as clients send them: bounded before they are read, and checked before anything is done about them."""

import asyncio
from dataclasses import dataclass
from enum import IntEnum

from iotflow_gateway.pipeline.payloads import LONGEST
from iotflow_gateway.topics import is_published_to

# The size of a packet follows in at most so many bytes.
SIZE_BYTES = 4
# A topic, its length and a packet id stand before a payload.
LARGEST_PUBLISH = LONGEST + 2**16
LARGEST_CONNECT = LARGEST_SUBSCRIBE = 2**16
# Beyond, a packet waits until others of its kind are read.
SMALL = 2**16
# From the first byte of a packet to the end of its header, and from there to its last byte.
PACKET_SECONDS = 30.0
NEWEST_QOS = 2
# Of one packet: a session has fewer, and each costs a line of the log or a look at what is retained.
MOST_FILTERS_AT_ONCE = 100


class Malformed(Exception):
    """What the client sends breaks the protocol, or a limit; the message says which."""


class Type(IntEnum):
    """Of the packets that a client sends."""

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
# Of those that hold a packet id alone.
ID_SIZE = 2
# MQTT 3.1.1, table 2.2; those of PUBLISH mean something.
FLAGS = {Type.PUBREL: 2, Type.SUBSCRIBE: 2, Type.UNSUBSCRIBE: 2}


@dataclass(frozen=True, slots=True)
class Packet:
    """flags: the lower half of the first byte. body: what comes after the fixed header, which is `header`."""

    type: Type
    flags: int
    header: bytes
    body: bytes


class Room:
    """For large packets while they are read. size: bytes at a time, all connections together. is_open: set while messages may come."""

    def __init__(self, size: int, is_open: asyncio.Event) -> None:
        self._free = size
        self._open = is_open
        self._changed = asyncio.Event()

    async def take(self, size: int) -> None:
        """Wait until there is room."""
        while self._free < size or not self._open.is_set():
            await self._open.wait()
            if self._free < size:
                self._changed.clear()
                await self._changed.wait()
        self._free -= size

    def give_back(self, size: int) -> None:
        """What was taken. Waits for nothing: a connection that is cut off may be cancelled more than once."""
        self._free += size
        self._changed.set()


class PacketReader:
    """large: shared by all connections."""

    def __init__(self, reader: asyncio.StreamReader, large: Room) -> None:
        self._reader = reader
        self._large = large
        # Whether any byte came.
        self.begun = False

    async def next(self, within: float | None) -> Packet | None:
        """The next packet, which begins within so many seconds; None: the client has gone.

        Raises Malformed, and TimeoutError where the packet does not come in time.
        """
        try:
            async with asyncio.timeout(within):
                first = await self._reader.readexactly(1)
            self.begun = True
            async with asyncio.timeout(PACKET_SECONDS):
                packet_type, header, size = await self._header(first)
            return Packet(packet_type, first[0] & 0x0F, header, await self._body(size))
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def _header(self, first: bytes) -> tuple[Type, bytes, int]:
        packet_type = _type(first[0])
        header, size = await self._size(first)
        largest = LARGEST.get(packet_type, ID_SIZE)
        if size > largest:
            raise Malformed(f"{packet_type.name} of {size} bytes: the limit is {largest}")
        if packet_type is not Type.PUBLISH and first[0] & 0x0F != FLAGS.get(packet_type, 0):
            raise Malformed(f"{packet_type.name} with reserved flags set")
        return packet_type, header, size

    async def _size(self, header: bytes) -> tuple[bytes, int]:
        size = 0
        for place in range(SIZE_BYTES):
            digit = await self._reader.readexactly(1)
            header += digit
            size |= (digit[0] & 0x7F) << 7 * place
            if digit[0] < 0x80:
                return header, size
        raise Malformed("the size of a packet has more than four bytes")

    async def _body(self, size: int) -> bytes:
        if size <= SMALL:
            return await self._read(size)
        # However long that takes, the client is not to blame.
        await self._large.take(size)
        try:
            return await self._read(size)
        finally:
            self._large.give_back(size)

    async def _read(self, size: int) -> bytes:
        async with asyncio.timeout(PACKET_SECONDS):
            return await self._reader.readexactly(size)


class Body:
    """Of one packet, read from its beginning on. Every method raises Malformed."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._at == len(self._content)

    def take(self, count: int) -> bytes:
        """So many bytes."""
        taken = self._content[self._at : self._at + count]
        if len(taken) < count:
            raise Malformed("a packet ends before its content does")
        self._at += count
        return taken

    def rest(self) -> bytes:
        """Whatever is left."""
        return self.take(len(self._content) - self._at)

    def number(self, count: int = 2) -> int:
        """Of so many bytes."""
        return int.from_bytes(self.take(count), "big")

    def data(self) -> bytes:
        """Bytes after their length."""
        return self.take(self.number())

    def text(self) -> str:
        """As data, in UTF-8."""
        try:
            text = self.data().decode()
        except UnicodeDecodeError:
            raise Malformed("a text is not UTF-8") from None
        if "\0" in text:
            raise Malformed("a text holds a null character")
        return text

    def packet_id(self) -> int:
        packet_id = self.number()
        if not packet_id:
            raise Malformed("a packet id is 0")
        return packet_id

    def end(self) -> None:
        """Nothing may follow."""
        if not self.ended:
            raise Malformed("a packet goes on after its content has ended")


@dataclass(frozen=True, slots=True)
class Published:
    """packet_id: 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    retain: bool
    repeated: bool


def published(packet: Packet) -> Published:
    """What PUBLISH holds. Raises Malformed."""
    qos = packet.flags >> 1 & 3
    if qos > NEWEST_QOS:
        raise Malformed("QoS 3")
    body = Body(packet.body)
    topic = body.text()
    if not is_published_to(topic):
        raise Malformed(f"nothing is published to the topic {topic:.200}")
    packet_id = body.packet_id() if qos else 0
    return Published(topic, body.rest(), qos, packet_id, bool(packet.flags & 1), bool(packet.flags & 8))


def filters(packet: Packet) -> tuple[int, list[tuple[str, int]]]:
    """The packet id of SUBSCRIBE or UNSUBSCRIBE, and its filters with the QoS asked for. Raises Malformed."""
    body, found = Body(packet.body), list[tuple[str, int]]()
    packet_id = body.packet_id()
    while not body.ended or not found:
        topic_filter = body.text()
        qos = body.number(1) if packet.type is Type.SUBSCRIBE else 0
        if not topic_filter or qos > NEWEST_QOS:
            raise Malformed("a filter is empty, or its QoS above 2")
        if len(found) == MOST_FILTERS_AT_ONCE:
            raise Malformed(f"{packet.type.name} of more than {MOST_FILTERS_AT_ONCE} filters")
        found.append((topic_filter, qos))
    return packet_id, found


def acknowledged(packet: Packet) -> int:
    """The packet id of PUBACK, PUBREC, PUBREL or PUBCOMP. Raises Malformed."""
    body = Body(packet.body)
    packet_id = body.packet_id()
    body.end()
    return packet_id


def _type(first: int) -> Type:
    try:
        return Type(first >> 4)
    except ValueError:
        raise Malformed(f"a client sends no packet of type {first >> 4}") from None
