"""Decodes the bodies of packets. Every function raises MalformedPacket for a body that violates the protocol."""

from dataclasses import dataclass

from amqtt.adapters import BufferReader

from iotflow_gateway.embedded.packets import MalformedPacket, Packet, Type
from iotflow_gateway.topics import is_published_to

HIGHEST_QOS = 2
# Filters of one packet. The limit of a session is lower; each filter above it costs a line of the log.
MOST_FILTERS_AT_ONCE = 100
PROTOCOL_NAMES = ("MQTT", "MQIsdp")
# Protocol level of MQTT 5.
LEVEL_5 = 5
LONGEST_CLIENT_ID = 1_000
USERNAME, PASSWORD, WILL_RETAIN, WILL, RESERVED = 0x80, 0x40, 0x20, 0x04, 0x01


class Unsupported(Exception):
    """The client uses MQTT 5."""


class Body:
    """Reads the body of a packet from its beginning."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def is_read(self) -> bool:
        return self._at == len(self._content)

    def take(self, count: int) -> bytes:
        """The next bytes."""
        taken = self._content[self._at : self._at + count]
        if len(taken) < count:
            raise MalformedPacket("a packet is shorter than its content")
        self._at += count
        return taken

    def rest(self) -> bytes:
        """All bytes that are left."""
        return self.take(len(self._content) - self._at)

    def number(self, count: int = 2) -> int:
        """An integer of `count` bytes."""
        return int.from_bytes(self.take(count), "big")

    def data(self) -> bytes:
        """Bytes with a prefix that is their number."""
        return self.take(self.number())

    def text(self) -> str:
        """A UTF-8 string with a prefix that is its size."""
        try:
            text = self.data().decode()
        except UnicodeDecodeError:
            raise MalformedPacket("a string is not UTF-8") from None
        if "\0" in text:
            raise MalformedPacket("a string has a null character")
        return text

    def packet_id(self) -> int:
        """A packet id, which is not 0."""
        packet_id = self.number()
        if not packet_id:
            raise MalformedPacket("a packet id is 0")
        return packet_id

    def check_end(self) -> None:
        """Check that all bytes are read."""
        if not self.is_read:
            raise MalformedPacket("a packet is longer than its content")


@dataclass(frozen=True, slots=True)
class Published:
    """The content of PUBLISH. packet_id: 0 with QoS 0. dup: the client sent the message before."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    retain: bool
    dup: bool


def published(packet: Packet) -> Published:
    """The content of PUBLISH."""
    qos = packet.flags >> 1 & 3
    if qos > HIGHEST_QOS:
        raise MalformedPacket("PUBLISH with QoS 3")
    body = Body(packet.body)
    topic = body.text()
    if not is_published_to(topic):
        raise MalformedPacket(f"a message cannot be published to the topic {topic:.200}")
    packet_id = body.packet_id() if qos else 0
    return Published(topic, body.rest(), qos, packet_id, bool(packet.flags & 1), bool(packet.flags & 8))


def filters(packet: Packet) -> tuple[int, list[tuple[str, int]]]:
    """The packet id of SUBSCRIBE or UNSUBSCRIBE, and its filters, each with the requested QoS."""
    body, found = Body(packet.body), list[tuple[str, int]]()
    packet_id = body.packet_id()
    while not body.is_read or not found:
        topic_filter = body.text()
        qos = body.number(1) if packet.type is Type.SUBSCRIBE else 0
        if not topic_filter or qos > HIGHEST_QOS:
            raise MalformedPacket("a filter is empty, or its QoS is above 2")
        if len(found) == MOST_FILTERS_AT_ONCE:
            raise MalformedPacket(f"{packet.type.name} of more than {MOST_FILTERS_AT_ONCE} filters")
        found.append((topic_filter, qos))
    return packet_id, found


def acknowledged(packet: Packet) -> int:
    """The packet id of PUBACK, PUBREC, PUBREL or PUBCOMP."""
    body = Body(packet.body)
    packet_id = body.packet_id()
    body.check_end()
    return packet_id


def checked_connect(packet: Packet | None) -> BufferReader:
    """A checked CONNECT, for amqtt to decode. amqtt reads every version of MQTT as 3.1.1, and any bytes as text. Raises Unsupported
    for MQTT 5."""
    if packet is None:
        raise MalformedPacket("the client closed the connection before CONNECT")
    if packet.type is not Type.CONNECT:
        raise MalformedPacket(f"the first packet is {packet.type.name}, not CONNECT")
    body = Body(packet.body)
    name, level, flags = body.text(), body.number(1), body.number(1)
    if name in PROTOCOL_NAMES and level == LEVEL_5:
        raise Unsupported
    body.number()
    _check_flags(flags)
    if len(body.text()) > LONGEST_CLIENT_ID:
        raise MalformedPacket(f"the client id has more than {LONGEST_CLIENT_ID} characters")
    if flags & WILL:
        _check_will(body.text())
        body.data()
    for flag in (USERNAME, PASSWORD):
        if flags & flag:
            body.text()
    body.check_end()
    return BufferReader(packet.header + packet.body)


def _check_flags(flags: int) -> None:
    qos = flags >> 3 & 3
    without_will = not flags & WILL and (qos or flags & WILL_RETAIN)
    if flags & RESERVED or qos > HIGHEST_QOS or without_will:
        raise MalformedPacket("CONNECT has invalid flags")


def _check_will(topic: str) -> None:
    if not is_published_to(topic):
        raise MalformedPacket(f"a last will cannot be published to the topic {topic:.200}")
