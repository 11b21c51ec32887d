"""Properties of MQTT 5 (2.2.2): their names, types and the packets that may have them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from iotflow_gateway.mqtt.data_types import BodyReader, binary, string, topic_name, varint
from iotflow_gateway.mqtt.packet_types import PacketType
from iotflow_gateway.mqtt.reason_codes import MalformedPacket, ReasonCode


class Properties(TypedDict, total=False):
    """Times are in seconds, sizes in bytes. Flags are 0 or 1."""

    payload_format: int
    message_expiry: int
    content_type: str
    response_topic: str
    correlation_data: bytes
    subscription_identifiers: list[int]
    session_expiry: int
    assigned_client_id: str
    server_keep_alive: int
    authentication_method: str
    authentication_data: bytes
    request_problem_information: int
    will_delay: int
    request_response_information: int
    response_information: str
    server_reference: str
    reason_string: str
    receive_maximum: int
    topic_alias_maximum: int
    topic_alias: int
    maximum_qos: int
    retain_available: int
    user_properties: list[tuple[str, str]]
    maximum_packet_size: int
    wildcards_available: int
    subscription_identifiers_available: int
    shared_subscriptions_available: int


class _SharedProperties(dict[str, Any]):
    """Shared by several packets, so that they cannot be changed."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def __setitem__(self, name: str, value: Any) -> None:
        raise TypeError("the properties of several packets cannot be changed")


NO_PROPERTIES: Properties = cast(Properties, _SharedProperties())
# In the place of a packet's type: the properties of a will (3.1.3.2).
WILL = 0


@dataclass(frozen=True, slots=True)
class _Kind:
    """is_zero_allowed: whether the value may be 0."""

    decode: Callable[[BodyReader], Any]
    encode: Callable[[Any], bytes]
    is_zero_allowed: bool = True


def _flag(body: BodyReader) -> int:
    value = body.number(1)
    if value > 1:
        raise MalformedPacket(f"a flag has the value {value}", ReasonCode.PROTOCOL_ERROR)
    return value


def _pair(body: BodyReader) -> tuple[str, str]:
    return body.string(), body.string()


def _integer(size: int) -> tuple[Callable[[BodyReader], int], Callable[[int], bytes]]:
    return lambda body: body.number(size), lambda value: value.to_bytes(size, "big")


_FLAG = _Kind(_flag, lambda value: bytes((value,)))
_TWO, _FOUR = _Kind(*_integer(2)), _Kind(*_integer(4))
_TWO_POSITIVE, _FOUR_POSITIVE = _Kind(*_integer(2), False), _Kind(*_integer(4), False)
_IDENTIFIER = _Kind(BodyReader.varint, varint, False)
_STRING, _BINARY = _Kind(BodyReader.string, string), _Kind(BodyReader.binary, binary)
_TOPIC = _Kind(lambda body: topic_name(body.binary()), string)
_PAIR = _Kind(_pair, lambda pair: string(pair[0]) + string(pair[1]))
# Properties that may occur more than once, and are lists.
LISTS = ("user_properties", "subscription_identifiers")

_P = PacketType
_ACKNOWLEDGEMENTS = (_P.PUBACK, _P.PUBREC, _P.PUBREL, _P.PUBCOMP, _P.SUBACK, _P.UNSUBACK)
_ANY = (*_P, WILL)
_WITH_REASON = (_P.CONNACK, *_ACKNOWLEDGEMENTS, _P.DISCONNECT, _P.AUTH)
# Table 2-4, by identifier.
_TABLE: Mapping[int, tuple[str, _Kind, tuple[int, ...]]] = {
    0x01: ("payload_format", _FLAG, (_P.PUBLISH, WILL)),
    0x02: ("message_expiry", _FOUR, (_P.PUBLISH, WILL)),
    0x03: ("content_type", _STRING, (_P.PUBLISH, WILL)),
    0x08: ("response_topic", _TOPIC, (_P.PUBLISH, WILL)),
    0x09: ("correlation_data", _BINARY, (_P.PUBLISH, WILL)),
    0x0B: ("subscription_identifiers", _IDENTIFIER, (_P.PUBLISH, _P.SUBSCRIBE)),
    0x11: ("session_expiry", _FOUR, (_P.CONNECT, _P.CONNACK, _P.DISCONNECT)),
    0x12: ("assigned_client_id", _STRING, (_P.CONNACK,)),
    0x13: ("server_keep_alive", _TWO, (_P.CONNACK,)),
    0x15: ("authentication_method", _STRING, (_P.CONNECT, _P.CONNACK, _P.AUTH)),
    0x16: ("authentication_data", _BINARY, (_P.CONNECT, _P.CONNACK, _P.AUTH)),
    0x17: ("request_problem_information", _FLAG, (_P.CONNECT,)),
    0x18: ("will_delay", _FOUR, (WILL,)),
    0x19: ("request_response_information", _FLAG, (_P.CONNECT,)),
    0x1A: ("response_information", _STRING, (_P.CONNACK,)),
    0x1C: ("server_reference", _STRING, (_P.CONNACK, _P.DISCONNECT)),
    0x1F: ("reason_string", _STRING, _WITH_REASON),
    0x21: ("receive_maximum", _TWO_POSITIVE, (_P.CONNECT, _P.CONNACK)),
    0x22: ("topic_alias_maximum", _TWO, (_P.CONNECT, _P.CONNACK)),
    0x23: ("topic_alias", _TWO_POSITIVE, (_P.PUBLISH,)),
    0x24: ("maximum_qos", _FLAG, (_P.CONNACK,)),
    0x25: ("retain_available", _FLAG, (_P.CONNACK,)),
    0x26: ("user_properties", _PAIR, _ANY),
    0x27: ("maximum_packet_size", _FOUR_POSITIVE, (_P.CONNECT, _P.CONNACK)),
    0x28: ("wildcards_available", _FLAG, (_P.CONNACK,)),
    0x29: ("subscription_identifiers_available", _FLAG, (_P.CONNACK,)),
    0x2A: ("shared_subscriptions_available", _FLAG, (_P.CONNACK,)),
}
_BY_NAME = {name: (identifier, kind) for identifier, (name, kind, _) in _TABLE.items()}


def unchangeable(properties: Properties) -> Properties:
    """Properties that several packets share."""
    return cast(Properties, _SharedProperties(properties))


def allowed_properties(packet: int) -> frozenset[str]:
    """The names of the properties that a packet may have. packet: its type, or WILL."""
    return frozenset(name for name, _, packets in _TABLE.values() if packet in packets)


def read_properties(body: BodyReader, packet: int) -> Properties:
    """The properties of a packet. packet: its type, or WILL. Raises MalformedPacket."""
    size = body.varint()
    return decode_properties(body.take(size), packet) if size else NO_PROPERTIES


def decode_properties(content: bytes, packet: int) -> Properties:
    """The properties in these bytes. packet: the type of their packet, or WILL. Raises MalformedPacket."""
    found: dict[str, Any] = {}
    body = BodyReader(content)
    while not body.is_read:
        identifier = body.varint()
        name, kind, packets = _TABLE.get(identifier, ("", _FLAG, ()))
        if packet not in packets:
            raise MalformedPacket(f"a packet with the property {name or identifier}", ReasonCode.PROTOCOL_ERROR)
        _add(found, name, kind, kind.decode(body), packet)
    if "authentication_data" in found and "authentication_method" not in found:
        raise MalformedPacket("authentication data without a method", ReasonCode.PROTOCOL_ERROR)
    return cast(Properties, found)


def _add(found: dict[str, Any], name: str, kind: _Kind, value: Any, packet: int) -> None:
    if not (value or kind.is_zero_allowed):
        code = ReasonCode.TOPIC_ALIAS_INVALID if name == "topic_alias" else ReasonCode.PROTOCOL_ERROR
        raise MalformedPacket(f"the property {name} is 0", code)
    is_single = name not in LISTS or (name == "subscription_identifiers" and packet == PacketType.SUBSCRIBE)
    if is_single and name in found:
        raise MalformedPacket(f"the property {name} occurs twice", ReasonCode.PROTOCOL_ERROR)
    if name in LISTS:
        found.setdefault(name, []).append(value)
    else:
        found[name] = value


def encode_properties(properties: Properties) -> bytes:
    """The properties with their size before them."""
    if not properties:
        return b"\0"
    content = bytearray()
    for name, value in properties.items():
        identifier, kind = _BY_NAME[name]
        for one in value if name in LISTS else (value,):  # type: ignore[attr-defined]
            content.append(identifier)
            content += kind.encode(one)
    return varint(len(content)) + content
