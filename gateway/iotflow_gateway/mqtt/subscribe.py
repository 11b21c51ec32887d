"""SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK (3.8 to 3.11)."""

from collections.abc import Sequence
from dataclasses import dataclass

from iotflow_gateway.mqtt.data_types import BodyReader, string, topic_filter, varint
from iotflow_gateway.mqtt.packet_types import HIGHEST_QOS, PacketType, Version, first_byte
from iotflow_gateway.mqtt.properties import NO_PROPERTIES, Properties, encode_properties, read_properties
from iotflow_gateway.mqtt.reason_codes import MalformedPacket, ReasonCode, reason_code

SHARE = "$share/"
# Bits of a subscription's options (3.8.3.1).
_NO_LOCAL, _RETAIN_AS_PUBLISHED, _RESERVED = 0x04, 0x08, 0xC0
SEND_RETAINED, SEND_RETAINED_IF_NEW, DO_NOT_SEND_RETAINED = 0, 1, 2

_GRANTED_OR_FAILED = frozenset({ReasonCode.SUCCESS, ReasonCode.GRANTED_QOS_1, ReasonCode.GRANTED_QOS_2})
_FAILED = frozenset(
    {
        ReasonCode.UNSPECIFIED_ERROR,
        ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
        ReasonCode.NOT_AUTHORIZED,
        ReasonCode.TOPIC_FILTER_INVALID,
        ReasonCode.PACKET_IDENTIFIER_IN_USE,
    }
)
_SUBACK = {
    Version.V5: _GRANTED_OR_FAILED
    | _FAILED
    | {
        ReasonCode.QUOTA_EXCEEDED,
        ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
        ReasonCode.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED,
        ReasonCode.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
    },
    Version.V3_1_1: _GRANTED_OR_FAILED | {ReasonCode.UNSPECIFIED_ERROR},
    Version.V3_1: _GRANTED_OR_FAILED,
}
_UNSUBACK = _FAILED | {ReasonCode.SUCCESS, ReasonCode.NO_SUBSCRIPTION_EXISTED}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A filter with its options. All but the QoS are of MQTT 5. retain_handling: SEND_RETAINED, SEND_RETAINED_IF_NEW or
    DO_NOT_SEND_RETAINED."""

    topic_filter: str
    qos: int = 0
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = SEND_RETAINED

    @property
    def is_shared(self) -> bool:
        """Whether the subscription is shared with other clients (4.8.2)."""
        return self.topic_filter.startswith(SHARE)


@dataclass(slots=True)
class Subscribe:
    """A request to receive the messages of some topics."""

    packet_id: int
    subscriptions: Sequence[Subscription]
    properties: Properties = NO_PROPERTIES

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form."""
        items = (string(one.topic_filter) + bytes((options_of(one),)) for one in self.subscriptions)
        return _encode(PacketType.SUBSCRIBE, self.packet_id, self.properties, b"".join(items), version)


@dataclass(slots=True)
class Unsubscribe:
    """A request to end subscriptions."""

    packet_id: int
    filters: Sequence[str]
    properties: Properties = NO_PROPERTIES

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form."""
        items = b"".join(map(string, self.filters))
        return _encode(PacketType.UNSUBSCRIBE, self.packet_id, self.properties, items, version)


@dataclass(slots=True)
class Suback:
    """The answer to SUBSCRIBE: for each filter the granted QoS, or a failure."""

    packet_id: int
    codes: Sequence[ReasonCode]
    properties: Properties = NO_PROPERTIES

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form. Before MQTT 5, all failures are 0x80."""
        codes = self.codes
        if version is not Version.V5:
            codes = [min(code, ReasonCode.UNSPECIFIED_ERROR) for code in codes]
        return _encode(PacketType.SUBACK, self.packet_id, self.properties, bytes(codes), version)


@dataclass(slots=True)
class Unsuback:
    """The answer to UNSUBSCRIBE. codes: for each filter, of MQTT 5 only."""

    packet_id: int
    codes: Sequence[ReasonCode] = ()
    properties: Properties = NO_PROPERTIES

    def encode(self, version: Version) -> bytes:
        """The packet in its wire form."""
        codes = bytes(self.codes) if version is Version.V5 else b""
        return _encode(PacketType.UNSUBACK, self.packet_id, self.properties, codes, version)


def decode_subscribe(content: bytes, version: Version) -> Subscribe:
    """The packet with this body, which has at least one filter [MQTT-3.8.3-2]. Raises MalformedPacket."""
    body, packet_id, properties = _begin(PacketType.SUBSCRIBE, content, version)
    subscriptions = [_subscription(body, version)]
    while not body.is_read:
        subscriptions.append(_subscription(body, version))
    return Subscribe(packet_id, subscriptions, properties)


def decode_unsubscribe(content: bytes, version: Version) -> Unsubscribe:
    """The packet with this body, which has at least one filter [MQTT-3.10.3-2]. Raises MalformedPacket."""
    body, packet_id, properties = _begin(PacketType.UNSUBSCRIBE, content, version)
    filters = [topic_filter(body.binary())]
    while not body.is_read:
        filters.append(topic_filter(body.binary()))
    return Unsubscribe(packet_id, filters, properties)


def decode_suback(content: bytes, version: Version) -> Suback:
    """The packet with this body. Raises MalformedPacket."""
    body, packet_id, properties = _begin(PacketType.SUBACK, content, version)
    codes = [reason_code(number, _SUBACK[version], "SUBACK") for number in body.rest()]
    if not codes:
        raise MalformedPacket("SUBACK without a reason code")
    return Suback(packet_id, codes, properties)


def decode_unsuback(content: bytes, version: Version) -> Unsuback:
    """The packet with this body. Raises MalformedPacket."""
    body, packet_id, properties = _begin(PacketType.UNSUBACK, content, version)
    if version is not Version.V5:
        body.check_end()
        return Unsuback(packet_id)
    codes = [reason_code(number, _UNSUBACK, "UNSUBACK") for number in body.rest()]
    if not codes:
        raise MalformedPacket("UNSUBACK without a reason code")
    return Unsuback(packet_id, codes, properties)


def _begin(packet_type: PacketType, content: bytes, version: Version) -> tuple[BodyReader, int, Properties]:
    body = BodyReader(content)
    packet_id = body.packet_id()
    properties = read_properties(body, packet_type) if version is Version.V5 else NO_PROPERTIES
    return body, packet_id, properties


def _subscription(body: BodyReader, version: Version) -> Subscription:
    wanted, options = topic_filter(body.binary()), body.number(1)
    found = subscription_of(wanted, options)
    reserved = _RESERVED if version is Version.V5 else ~3
    if found.qos > HIGHEST_QOS or options & reserved or found.retain_handling > DO_NOT_SEND_RETAINED:
        raise MalformedPacket(f"a subscription with the options 0x{options:02X}")
    if found.no_local and found.is_shared:
        # [MQTT-3.8.3-4]
        raise MalformedPacket("a shared subscription with the option No Local", ReasonCode.PROTOCOL_ERROR)
    return found


def subscription_of(wanted: str, options: int) -> Subscription:
    """The subscription with these options in their wire form."""
    no_local, as_published = bool(options & _NO_LOCAL), bool(options & _RETAIN_AS_PUBLISHED)
    return Subscription(wanted, options & 3, no_local, as_published, options >> 4 & 3)


def options_of(one: Subscription) -> int:
    """The options of a subscription in their wire form."""
    flags = (_NO_LOCAL if one.no_local else 0) | (_RETAIN_AS_PUBLISHED if one.retain_as_published else 0)
    return one.qos | flags | one.retain_handling << 4


def _encode(packet_type: PacketType, packet_id: int, properties: Properties, items: bytes, version: Version) -> bytes:
    head = packet_id.to_bytes(2, "big")
    if version is Version.V5:
        head += encode_properties(properties)
    return bytes((first_byte(packet_type),)) + varint(len(head) + len(items)) + head + items
