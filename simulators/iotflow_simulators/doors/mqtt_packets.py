"""The packets of MQTT 3.1.1 and 5 that a simulated device needs."""

from collections.abc import Iterator
from typing import NamedTuple

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 13, 14
V311, V5 = 4, 5
PINGREQ = b"\xc0\x00"
GOODBYE = b"\xe0\x00"
# The will has QoS 1.
_USER, _PASSWORD, _WILL, _CLEAN = 0x80, 0x40, 0x0C, 0x02
_CORRELATION_DATA = 0x09
LARGEST = 1 << 20


class MalformedPacket(ValueError):
    """The broker sent bytes that are no packet."""


class Packet(NamedTuple):
    """A received packet. type: its number in the protocol."""

    type: int
    flags: int
    body: bytes


def connect(version: int, client_id: str, username: str, password: str, keepalive: int, will: str) -> bytes:
    """A CONNECT with a new session. will: the topic of an empty message that the broker publishes when the connection breaks."""
    head = _text(b"MQTT") + bytes([version, _USER | _PASSWORD | _WILL | _CLEAN]) + keepalive.to_bytes(2, "big")
    properties = b"\x00" if version == V5 else b""
    last = properties + _text(will.encode()) + _text(b"")
    login = _text(username.encode()) + _text(password.encode())
    return _packet(0x10, head + properties + _text(client_id.encode()) + last + login)


def publish(version: int, topic: bytes, packet_id: int, payload: bytes, correlation: bytes = b"") -> bytes:
    """A PUBLISH of QoS 1. topic: encoded with its length. correlation: MQTT 5 returns it in errors."""
    properties = b""
    if version == V5:
        data = bytes([_CORRELATION_DATA]) + _text(correlation) if correlation else b""
        properties = bytes([len(data)]) + data
    return _packet(0x32, topic + packet_id.to_bytes(2, "big") + properties + payload)


def subscribe(version: int, packet_id: int, topics: list[str]) -> bytes:
    """A SUBSCRIBE with QoS 1."""
    properties = b"\x00" if version == V5 else b""
    filters = b"".join(_text(topic.encode()) + b"\x01" for topic in topics)
    return _packet(0x82, packet_id.to_bytes(2, "big") + properties + filters)


def puback(packet_id: int) -> bytes:
    """The acknowledgement of a received message."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def topic(text: str) -> bytes:
    """A topic with its length."""
    return _text(text.encode())


class Received(NamedTuple):
    """A received message. packet_id: 0 where its QoS is 0."""

    topic: str
    packet_id: int
    payload: bytes


def received(version: int, packet: Packet) -> Received:
    """The message of a PUBLISH. Raises MalformedPacket."""
    body = packet.body
    end = 2 + int.from_bytes(body[:2], "big")
    name, at = body[2:end].decode("utf-8", "replace"), end
    number = 0
    if packet.flags & 0x06:
        number = int.from_bytes(body[at : at + 2], "big")
        at += 2
    if version == V5:
        size, at = _length(body, at)
        at += size
    return Received(name, number, body[at:])


class PacketReader:
    """Packets of a stream of bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Packet]:
        """The packets that are complete. Raises MalformedPacket."""
        if self._rest:
            data = self._rest + data
        at = 0
        while (found := _extent(data, at)) is not None:
            begin, end = found
            yield Packet(data[at] >> 4, data[at] & 0x0F, data[begin:end])
            at = end
        self._rest = data[at:]


def _extent(data: bytes, at: int) -> tuple[int, int] | None:
    """Begin and end of the body of the packet at this place; None where it is incomplete."""
    size = shift = 0
    for place in range(at + 1, min(at + 5, len(data))):
        size |= (data[place] & 0x7F) << shift
        shift += 7
        if not data[place] & 0x80:
            if size > LARGEST:
                raise MalformedPacket(f"a packet of {size} bytes")
            end = place + 1 + size
            return (place + 1, end) if end <= len(data) else None
    if len(data) >= at + 5:
        raise MalformedPacket("a length of more than four bytes")
    return None


def _length(body: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    size = shift = 0
    for place in range(at, min(at + 4, len(body))):
        size |= (body[place] & 0x7F) << shift
        shift += 7
        if not body[place] & 0x80:
            return size, place + 1
    raise MalformedPacket("properties without a length")


def _text(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content


def _packet(first: int, body: bytes) -> bytes:
    size, digits = len(body), bytearray()
    while size > 0x7F:
        digits.append(size & 0x7F | 0x80)
        size >>= 7
    digits.append(size)
    return bytes([first]) + bytes(digits) + body
