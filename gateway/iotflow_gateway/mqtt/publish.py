"""PUBLISH (3.3). Most packets of a device are of this type, so that it is decoded in place, without a reader."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from iotflow_gateway.mqtt.data_types import BodyReader, string, topic_name, varint
from iotflow_gateway.mqtt.packet_types import DUP, RETAIN, PacketType, Version
from iotflow_gateway.mqtt.properties import (
    NO_PROPERTIES,
    Properties,
    decode_properties,
    encode_properties,
    unchangeable,
)
from iotflow_gateway.mqtt.reason_codes import MalformedPacket, ReasonCode

_FIRST = PacketType.PUBLISH << 4
_QOS = 0x06
_SHORT = "a packet is shorter than its content"
# Properties up to this size, such as a subscription identifier, are decoded once and remembered.
_REMEMBERED_BYTES, _REMEMBERED = 8, 1_024


# As decode_publish().
PublishDecoder = Callable[[int, bytes, int, int, Version], "Publish"]


@dataclass(slots=True)
class Publish:
    """A message. topic: empty if a topic alias stands for it. packet_id: 0 with QoS 0. is_dup: it was sent before."""

    topic: str
    payload: bytes = b""
    qos: int = 0
    packet_id: int = 0
    is_retained: bool = False
    is_dup: bool = False
    properties: Properties = NO_PROPERTIES

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form."""
        first = _FIRST | self.qos << 1 | (RETAIN if self.is_retained else 0) | (DUP if self.is_dup else 0)
        head = string(self.topic)
        if self.qos:
            head += self.packet_id.to_bytes(2, "big")
        if version is Version.V5:
            head += encode_properties(self.properties)
        return b"".join((bytes((first,)), varint(len(head) + len(self.payload)), head, self.payload))


def decode_publish(first: int, data: bytes, start: int, end: int, version: Version) -> Publish:
    """The message whose body is data[start:end]. first: the first byte, whose flags are checked. Raises MalformedPacket."""
    if end - start < 2:
        raise MalformedPacket(_SHORT)
    at = start + 2
    topic_end = at + (data[start] << 8 | data[start + 1])
    qos = first >> 1 & 3
    body = topic_end + 2 if qos else topic_end
    if body > end:
        raise MalformedPacket(_SHORT)
    packet_id = 0
    if qos:
        packet_id = data[topic_end] << 8 | data[topic_end + 1]
        if not packet_id:
            raise MalformedPacket("a packet identifier is 0")
    properties = NO_PROPERTIES
    if version is Version.V5:
        size = data[body] if body < end else -1
        # The size of few properties is one byte.
        if at == topic_end or not 0 <= size <= _REMEMBERED_BYTES or body + size >= end:
            return _decode_v5(first, packet_id, data[at:topic_end], BodyReader(data[body:end]))
        body += 1 + size
        if size:
            properties = _remembered(data[body - size : body])
    topic = topic_name(data[at:topic_end])
    is_retained, is_dup = first & RETAIN == RETAIN, first & DUP == DUP
    return Publish(topic, data[body:end], qos, packet_id, is_retained, is_dup, properties)


def decode_any_publish(first: int, data: bytes, start: int, end: int, version: Version) -> Publish:
    """As decode_publish. A message of QoS 1 or 2 with a malformed topic or malformed properties is one without a topic, and no error:
    a broker would send it again after each new connection."""
    try:
        return decode_publish(first, data, start, end, version)
    except MalformedPacket:
        at = start + 2 + int.from_bytes(data[start : start + 2], "big")
        packet_id = int.from_bytes(data[at : at + 2], "big")
        if not first & _QOS or at + 2 > end or not packet_id:
            raise
        return Publish("", b"", first >> 1 & 3, packet_id)


@lru_cache(_REMEMBERED)
def _remembered(content: bytes) -> Properties:
    return unchangeable(decode_properties(content, PacketType.PUBLISH))


def _decode_v5(first: int, packet_id: int, topic: bytes, body: BodyReader) -> Publish:
    size = body.varint()
    properties = decode_properties(body.take(size), PacketType.PUBLISH) if size else NO_PROPERTIES
    if not topic and "topic_alias" not in properties:
        # 3.3.2.1
        raise MalformedPacket("a message has no topic and no topic alias", ReasonCode.PROTOCOL_ERROR)
    name = topic_name(topic) if topic else ""
    return Publish(
        name, body.rest(), first >> 1 & 3, packet_id, first & RETAIN == RETAIN, first & DUP == DUP, properties
    )
