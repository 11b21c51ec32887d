"""PUBACK, PUBREC, PUBREL and PUBCOMP (3.4 to 3.7)."""

from dataclasses import dataclass
from typing import ClassVar

from iotflow_gateway.mqtt.data_types import BodyReader, varint
from iotflow_gateway.mqtt.packet_types import PacketType, Version, first_byte
from iotflow_gateway.mqtt.properties import NO_PROPERTIES, Properties, encode_properties, read_properties
from iotflow_gateway.mqtt.reason_codes import ReasonCode, reason_code

_PUBLISHED = frozenset(
    {
        ReasonCode.SUCCESS,
        ReasonCode.NO_MATCHING_SUBSCRIBERS,
        ReasonCode.UNSPECIFIED_ERROR,
        ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
        ReasonCode.NOT_AUTHORIZED,
        ReasonCode.TOPIC_NAME_INVALID,
        ReasonCode.PACKET_IDENTIFIER_IN_USE,
        ReasonCode.QUOTA_EXCEEDED,
        ReasonCode.PAYLOAD_FORMAT_INVALID,
    }
)
_RELEASED = frozenset({ReasonCode.SUCCESS, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND})


@dataclass(slots=True)
class Acknowledgement:
    """The content of all four. code, properties: of MQTT 5."""

    packet_id: int
    code: ReasonCode = ReasonCode.SUCCESS
    properties: Properties = NO_PROPERTIES

    type: ClassVar[PacketType]
    codes: ClassVar[frozenset[ReasonCode]]

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form. A success without properties has the form of MQTT 3.1.1 (3.4.2.1)."""
        body = self.packet_id.to_bytes(2, "big")
        if version is Version.V5 and (self.code or self.properties):
            body += bytes((self.code,))
            if self.properties:
                body += encode_properties(self.properties)
        return bytes((first_byte(self.type),)) + varint(len(body)) + body

    @classmethod
    def decode(cls, content: bytes, version: Version) -> "Acknowledgement":
        """The packet with this body. Raises MalformedPacket."""
        body = BodyReader(content)
        packet = cls(body.packet_id())
        if version is Version.V5 and not body.is_read:
            packet.code = reason_code(body.number(1), cls.codes, cls.type.name)
            if not body.is_read:
                packet.properties = read_properties(body, cls.type)
        body.check_end()
        return packet


@dataclass(slots=True)
class Puback(Acknowledgement):
    """The acknowledgement of a message of QoS 1."""

    type: ClassVar = PacketType.PUBACK
    codes: ClassVar = _PUBLISHED


@dataclass(slots=True)
class Pubrec(Acknowledgement):
    """The acknowledgement of a message of QoS 2. With a failure, no PUBREL follows."""

    type: ClassVar = PacketType.PUBREC
    codes: ClassVar = _PUBLISHED


@dataclass(slots=True)
class Pubrel(Acknowledgement):
    """The sender of a message of QoS 2 releases its identifier."""

    type: ClassVar = PacketType.PUBREL
    codes: ClassVar = _RELEASED


@dataclass(slots=True)
class Pubcomp(Acknowledgement):
    """The receiver of a message of QoS 2 has released its identifier."""

    type: ClassVar = PacketType.PUBCOMP
    codes: ClassVar = _RELEASED
