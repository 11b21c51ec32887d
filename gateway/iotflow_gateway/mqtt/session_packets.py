"""PINGREQ, PINGRESP, DISCONNECT and AUTH (3.12 to 3.15)."""

from dataclasses import dataclass

from iotflow_gateway.mqtt.data_types import BodyReader, varint
from iotflow_gateway.mqtt.packet_types import PacketType, Version, first_byte
from iotflow_gateway.mqtt.properties import NO_PROPERTIES, Properties, encode_properties, read_properties
from iotflow_gateway.mqtt.reason_codes import FIRST_FAILURE, MalformedPacket, ReasonCode, reason_code

_NOT_IN_DISCONNECT = {
    ReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
    ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
    ReasonCode.BAD_USER_NAME_OR_PASSWORD,
    ReasonCode.SERVER_UNAVAILABLE,
    ReasonCode.BANNED,
    ReasonCode.BAD_AUTHENTICATION_METHOD,
    ReasonCode.PACKET_IDENTIFIER_IN_USE,
    ReasonCode.PACKET_IDENTIFIER_NOT_FOUND,
}
_DISCONNECT = frozenset({code for code in ReasonCode if code >= FIRST_FAILURE} - _NOT_IN_DISCONNECT) | {
    ReasonCode.SUCCESS,
    ReasonCode.DISCONNECT_WITH_WILL,
}
_AUTH = frozenset({ReasonCode.SUCCESS, ReasonCode.CONTINUE_AUTHENTICATION, ReasonCode.REAUTHENTICATE})


@dataclass(slots=True)
class Pingreq:
    """A sign of life of a client."""

    def encode(self, version: Version) -> bytes:  # noqa: ARG002
        """The packet in its wire form."""
        return b"\xc0\0"


@dataclass(slots=True)
class Pingresp:
    """The answer to PINGREQ."""

    def encode(self, version: Version) -> bytes:  # noqa: ARG002
        """The packet in its wire form."""
        return b"\xd0\0"


@dataclass(slots=True)
class Disconnect:
    """The end of a connection. code, properties: of MQTT 5."""

    code: ReasonCode = ReasonCode.SUCCESS
    properties: Properties = NO_PROPERTIES

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form."""
        return _encode(PacketType.DISCONNECT, self.code, self.properties, version)


@dataclass(slots=True)
class Auth:
    """A step of an authentication of several steps, of MQTT 5."""

    code: ReasonCode = ReasonCode.SUCCESS
    properties: Properties = NO_PROPERTIES

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form."""
        return _encode(PacketType.AUTH, self.code, self.properties, version)


def decode_ping(packet_type: PacketType, content: bytes) -> Pingreq | Pingresp:
    """The packet with this body, which is empty. Raises MalformedPacket."""
    if content:
        raise MalformedPacket(f"{packet_type.name} with a body")
    return Pingreq() if packet_type is PacketType.PINGREQ else Pingresp()


def decode_disconnect(content: bytes, version: Version) -> Disconnect:
    """The packet with this body. Raises MalformedPacket."""
    if version is not Version.V5 and content:
        raise MalformedPacket("DISCONNECT with a body")
    return Disconnect(*_decode(PacketType.DISCONNECT, _DISCONNECT, content))


def decode_auth(content: bytes) -> Auth:
    """The packet with this body. Raises MalformedPacket."""
    return Auth(*_decode(PacketType.AUTH, _AUTH, content))


def _decode(packet_type: PacketType, codes: frozenset[ReasonCode], content: bytes) -> tuple[ReasonCode, Properties]:
    if not content:
        return ReasonCode.SUCCESS, NO_PROPERTIES
    body = BodyReader(content)
    code = reason_code(body.number(1), codes, packet_type.name)
    properties = NO_PROPERTIES if body.is_read else read_properties(body, packet_type)
    body.check_end()
    return code, properties


def _encode(packet_type: PacketType, code: ReasonCode, properties: Properties, version: Version) -> bytes:
    body = b""
    if version is Version.V5 and (code or properties):
        body = bytes((code,)) + (encode_properties(properties) if properties else b"")
    return bytes((first_byte(packet_type),)) + varint(len(body)) + body
