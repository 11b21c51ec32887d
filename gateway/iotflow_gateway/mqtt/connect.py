"""CONNECT and CONNACK (3.1, 3.2)."""

from dataclasses import dataclass

from iotflow_gateway.mqtt.data_types import BodyReader, binary, string, topic_name, varint
from iotflow_gateway.mqtt.packet_types import HIGHEST_QOS, PacketType, Version, first_byte
from iotflow_gateway.mqtt.properties import NO_PROPERTIES, WILL, Properties, encode_properties, read_properties
from iotflow_gateway.mqtt.reason_codes import (
    FIRST_FAILURE,
    RETURN_CODES,
    RETURNED,
    MalformedPacket,
    ReasonCode,
    reason_code,
)

_NAMES = {Version.V3_1: "MQIsdp", Version.V3_1_1: "MQTT", Version.V5: "MQTT"}
# Bits of the connect flags (3.1.2.3).
_USERNAME, _PASSWORD, _WILL_RETAIN, _WILL_QOS, _WILL, _CLEAN, _RESERVED = 0x80, 0x40, 0x20, 0x18, 0x04, 0x02, 0x01
_NOT_IN_CONNACK = {
    ReasonCode.KEEP_ALIVE_TIMEOUT,
    ReasonCode.SESSION_TAKEN_OVER,
    ReasonCode.TOPIC_FILTER_INVALID,
    ReasonCode.PACKET_IDENTIFIER_IN_USE,
    ReasonCode.PACKET_IDENTIFIER_NOT_FOUND,
    ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
    ReasonCode.TOPIC_ALIAS_INVALID,
    ReasonCode.MESSAGE_RATE_TOO_HIGH,
    ReasonCode.ADMINISTRATIVE_ACTION,
    ReasonCode.SERVER_SHUTTING_DOWN,
    ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
    ReasonCode.MAXIMUM_CONNECT_TIME,
    ReasonCode.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED,
    ReasonCode.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
}
_CONNACK = frozenset({code for code in ReasonCode if code >= FIRST_FAILURE} - _NOT_IN_CONNACK) | {ReasonCode.SUCCESS}


@dataclass(slots=True)
class Will:
    """The message that is published when the connection ends without DISCONNECT."""

    topic: str
    payload: bytes = b""
    qos: int = 0
    is_retained: bool = False
    properties: Properties = NO_PROPERTIES


@dataclass(slots=True)
class Connect:
    """is_clean: the client starts a new session. keep_alive: in seconds; 0: none. username, password: None if they are absent."""

    client_id: str = ""
    version: Version = Version.V3_1_1
    is_clean: bool = True
    keep_alive: int = 0
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None
    properties: Properties = NO_PROPERTIES

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form, in the given version."""
        head = string(_NAMES[version]) + bytes((version, self._flags())) + self.keep_alive.to_bytes(2, "big")
        parts = [head, encode_properties(self.properties) if version is Version.V5 else b"", string(self.client_id)]
        if self.will:
            if version is Version.V5:
                parts.append(encode_properties(self.will.properties))
            parts += [string(self.will.topic), binary(self.will.payload)]
        if self.username is not None:
            parts.append(string(self.username))
        if self.password is not None:
            parts.append(binary(self.password))
        body = b"".join(parts)
        return bytes((first_byte(PacketType.CONNECT),)) + varint(len(body)) + body

    def _flags(self) -> int:
        flags = _CLEAN if self.is_clean else 0
        if self.will:
            flags |= _WILL | self.will.qos << 3 | (_WILL_RETAIN if self.will.is_retained else 0)
        flags |= _USERNAME if self.username is not None else 0
        return flags | (_PASSWORD if self.password is not None else 0)


@dataclass(slots=True)
class Connack:
    """The answer to CONNECT. session_present: the client's earlier session goes on."""

    code: ReasonCode = ReasonCode.SUCCESS
    session_present: bool = False
    properties: Properties = NO_PROPERTIES

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form. MQTT 3.1 has no flag for the session. Codes without a return code are `not authorized`."""
        flag = self.session_present and version is not Version.V3_1
        code: int = self.code
        properties = b""
        if version is Version.V5:
            properties = encode_properties(self.properties)
        else:
            code = RETURN_CODES.get(self.code, RETURN_CODES[ReasonCode.NOT_AUTHORIZED])
        body = bytes((flag, code)) + properties
        return bytes((first_byte(PacketType.CONNACK),)) + varint(len(body)) + body


def decode_connect(content: bytes) -> Connect:
    """The packet with this body. Raises MalformedPacket, with UNSUPPORTED_PROTOCOL_VERSION for another version of MQTT."""
    body = BodyReader(content)
    version = _version(body)
    flags, keep_alive = body.number(1), body.number()
    _check_flags(flags, version)
    properties = read_properties(body, PacketType.CONNECT) if version is Version.V5 else NO_PROPERTIES
    packet = Connect(body.string(), version, bool(flags & _CLEAN), keep_alive, properties=properties)
    if flags & _WILL:
        packet.will = _will(body, flags, version)
    packet.username = body.string() if flags & _USERNAME else None
    packet.password = body.binary() if flags & _PASSWORD else None
    body.check_end()
    return packet


def decode_connack(content: bytes, version: Version) -> Connack:
    """The packet with this body. Raises MalformedPacket."""
    body = BodyReader(content)
    flags, number = body.number(1), body.number(1)
    if flags > 1 and version is not Version.V3_1:
        raise MalformedPacket(f"CONNACK with the flags 0x{flags:02X}")
    if version is Version.V5:
        code, properties = reason_code(number, _CONNACK, "CONNACK"), read_properties(body, PacketType.CONNACK)
    elif number < len(RETURNED):
        code, properties = RETURNED[number], NO_PROPERTIES
    else:
        raise MalformedPacket(f"CONNACK with the return code {number}")
    body.check_end()
    if flags and code:
        # [MQTT-3.2.2-6]
        raise MalformedPacket("CONNACK with a session and a failure", ReasonCode.PROTOCOL_ERROR)
    return Connack(code, bool(flags) and version is not Version.V3_1, properties)


def _version(body: BodyReader) -> Version:
    name, level = body.string(), body.number(1)
    if name not in _NAMES.values():
        raise MalformedPacket(f"not the name of the protocol: {name:.20}")
    if level not in tuple(Version) or _NAMES[Version(level)] != name:
        problem = f"{name} with the protocol level {level}"
        raise MalformedPacket(problem, ReasonCode.UNSUPPORTED_PROTOCOL_VERSION)
    return Version(level)


def _check_flags(flags: int, version: Version) -> None:
    qos = (flags & _WILL_QOS) >> 3
    has_part_of_will = not flags & _WILL and bool(flags & (_WILL_QOS | _WILL_RETAIN))
    # [MQTT-3.1.2-22] of MQTT 3.1.1; MQTT 5 allows a password without a user name.
    has_password_only = version is not Version.V5 and bool(flags & _PASSWORD) and not flags & _USERNAME
    is_reserved = bool(flags & _RESERVED) and version is not Version.V3_1
    if is_reserved or qos > HIGHEST_QOS or has_part_of_will or has_password_only:
        raise MalformedPacket(f"CONNECT with the flags 0x{flags:02X}")


def _will(body: BodyReader, flags: int, version: Version) -> Will:
    properties = read_properties(body, WILL) if version is Version.V5 else NO_PROPERTIES
    topic, payload = topic_name(body.binary()), body.binary()
    return Will(topic, payload, (flags & _WILL_QOS) >> 3, bool(flags & _WILL_RETAIN), properties)
