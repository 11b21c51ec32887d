"""Packets that violate the standards, by version, each with the reason code that MQTT 5 has for it."""

import pytest

from iotflow_gateway.mqtt import MalformedPacket, PacketParser, ReasonCode, Version
from tests.support import raw_mqtt as raw
from tests.support.mqtt_packets import LARGEST

V3, V4, V5 = Version.V3_1, Version.V3_1_1, Version.V5
EARLIER, ALL = (V3, V4), (V3, V4, V5)
MALFORMED, PROTOCOL = ReasonCode.MALFORMED_PACKET, ReasonCode.PROTOCOL_ERROR
ALIAS = ReasonCode.TOPIC_ALIAS_INVALID

Case = tuple[tuple[Version, ...], bytes, ReasonCode]


def publish(topic: str | bytes, rest: bytes = b"", flags: int = 0) -> bytes:
    """A PUBLISH. rest: what follows the topic."""
    return raw.packet(raw.PUBLISH | flags, raw.text(topic) + rest)


def properties(content: bytes) -> bytes:
    """Properties with their size."""
    return bytes((len(content),)) + content


def v5_publish(content: bytes, topic: str = "t", rest: bytes = b"") -> bytes:
    """A PUBLISH of MQTT 5 with these properties."""
    return publish(topic, properties(content) + rest)


PUBLISHED: dict[str, Case] = {
    "a topic with +": (ALL, publish("a/+/b", b"\0"), MALFORMED),
    "a topic with #": (ALL, publish("a/#", b"\0"), MALFORMED),
    "an empty topic": (EARLIER, publish(""), MALFORMED),
    "an empty topic without an alias": ((V5,), publish("", b"\0"), PROTOCOL),
    "a topic with a null character": (ALL, publish("a\0", b"\0"), MALFORMED),
    "a topic that is not UTF-8": (ALL, publish(b"\xc3\x28", b"\0"), MALFORMED),
    "a topic with a surrogate": (ALL, publish(b"\xed\xa0\x80", b"\0"), MALFORMED),
    "a topic longer than its packet": (ALL, raw.packet(raw.PUBLISH, b"\0\2t"), MALFORMED),
    "no topic": (ALL, raw.packet(raw.PUBLISH, b"\0"), MALFORMED),
    "no body": (ALL, raw.packet(raw.PUBLISH), MALFORMED),
    "QoS 3": (ALL, publish("t", b"\0\1\0", 0x06), PROTOCOL),
    "QoS 0 and DUP": (ALL, publish("t", b"\0", 0x08), PROTOCOL),
    "the packet identifier 0": (ALL, publish("t", b"\0\0\0", 0x02), MALFORMED),
    "no packet identifier": (ALL, publish("t", b"", 0x02), MALFORMED),
    "half a packet identifier": (ALL, publish("t", b"\1", 0x02), MALFORMED),
    "no properties": ((V5,), publish("t"), MALFORMED),
    "properties longer than their packet": ((V5,), publish("t", b"\2\1"), MALFORMED),
    "a size of properties with a byte too many": ((V5,), publish("t", b"\x80\0"), MALFORMED),
    "a size of properties of five bytes": ((V5,), publish("t", b"\xff\xff\xff\xff\1"), MALFORMED),
    "a property that does not exist": ((V5,), v5_publish(b"\x7f\0"), PROTOCOL),
    "a property of another packet": ((V5,), v5_publish(b"\x11\0\0\0\1"), PROTOCOL),
    "a will's property": ((V5,), v5_publish(b"\x18\0\0\0\1"), PROTOCOL),
    "a property twice": ((V5,), v5_publish(b"\x01\0\x01\0"), PROTOCOL),
    "a property that breaks off": ((V5,), v5_publish(b"\x02\0\0"), MALFORMED),
    "a property without a value": ((V5,), v5_publish(b"\x03"), MALFORMED),
    "a payload format of 2": ((V5,), v5_publish(b"\x01\x02"), PROTOCOL),
    "the topic alias 0": ((V5,), v5_publish(b"\x23\0\0"), ALIAS),
    "the subscription identifier 0": ((V5,), v5_publish(b"\x0b\0"), PROTOCOL),
    "a response topic with #": ((V5,), v5_publish(b"\x08" + raw.text("r/#")), MALFORMED),
    "an empty response topic": ((V5,), v5_publish(b"\x08\0\0"), MALFORMED),
    "a content type with a null character": ((V5,), v5_publish(b"\x03" + raw.text("\0")), MALFORMED),
    "half a user property": ((V5,), v5_publish(b"\x26" + raw.text("a")), MALFORMED),
}
SUBSCRIBED: dict[str, Case] = {
    "SUBSCRIBE to nothing": (EARLIER, raw.subscribe(), MALFORMED),
    "SUBSCRIBE to nothing in MQTT 5": ((V5,), raw.packet(0x82, b"\0\1\0"), MALFORMED),
    "SUBSCRIBE with QoS 3": (EARLIER, raw.subscribe("t", qos=3), MALFORMED),
    "SUBSCRIBE with options of MQTT 5": (EARLIER, raw.subscribe("t", qos=4), MALFORMED),
    "SUBSCRIBE with reserved options": ((V5,), raw.packet(0x82, b"\0\1\0" + raw.text("t") + b"\x40"), MALFORMED),
    "SUBSCRIBE with retain handling 3": ((V5,), raw.packet(0x82, b"\0\1\0" + raw.text("t") + b"\x30"), MALFORMED),
    "SUBSCRIBE shared and no local": (
        (V5,),
        raw.packet(0x82, b"\0\1\0" + raw.text("$share/g/t") + b"\x04"),
        PROTOCOL,
    ),
    "SUBSCRIBE with two identifiers": (
        (V5,),
        raw.packet(0x82, b"\0\1\4\x0b\1\x0b\2" + raw.text("t") + b"\0"),
        PROTOCOL,
    ),
    "SUBSCRIBE to an empty filter": (EARLIER, raw.subscribe(""), MALFORMED),
    "SUBSCRIBE with # in the middle": (EARLIER, raw.subscribe("a/#/b"), MALFORMED),
    "SUBSCRIBE with # in a level": (EARLIER, raw.subscribe("a/b#"), MALFORMED),
    "SUBSCRIBE with + in a level": (EARLIER, raw.subscribe("a+/b"), MALFORMED),
    "SUBSCRIBE with the packet identifier 0": (ALL, raw.subscribe("t", packet_id=0), MALFORMED),
    "SUBSCRIBE without flags": (ALL, raw.packet(0x80, b"\0\1\0" + raw.text("t") + b"\0"), PROTOCOL),
    "SUBSCRIBE with DUP": ((V4, V5), raw.packet(0x8A, b"\0\1\0" + raw.text("t") + b"\0"), PROTOCOL),
    "SUBSCRIBE without options": (EARLIER, raw.packet(0x82, b"\0\1" + raw.text("t")), MALFORMED),
    "SUBSCRIBE that is not UTF-8": (EARLIER, raw.packet(0x82, b"\0\1" + raw.text(b"\xff") + b"\0"), MALFORMED),
    "SUBACK of nothing": (EARLIER, raw.packet(0x90, b"\0\1"), MALFORMED),
    "SUBACK with a code that does not exist": (ALL, raw.packet(0x90, b"\0\1\0\3"), PROTOCOL),
    "UNSUBSCRIBE from nothing": (ALL, raw.packet(0xA2, b"\0\1\0"), MALFORMED),
    "UNSUBSCRIBE without flags": (ALL, raw.packet(0xA0, b"\0\1\0" + raw.text("t")), PROTOCOL),
    "UNSUBSCRIBE from an empty filter": (EARLIER, raw.packet(0xA2, b"\0\1\0\0"), MALFORMED),
    "UNSUBACK that goes on": (EARLIER, raw.packet(0xB0, b"\0\1\0"), MALFORMED),
    "UNSUBACK of nothing": ((V5,), raw.packet(0xB0, b"\0\1\0"), MALFORMED),
}
OTHERS: dict[str, Case] = {
    "PUBACK of nothing": (ALL, raw.packet(0x40), MALFORMED),
    "PUBACK of 0": (ALL, raw.packet(0x40, b"\0\0"), MALFORMED),
    "PUBACK that goes on": (EARLIER, raw.packet(0x40, b"\0\1\0"), MALFORMED),
    "PUBACK with the code of a subscription": ((V5,), raw.packet(0x40, b"\0\1\1"), PROTOCOL),
    "PUBACK that goes on after its properties": ((V5,), raw.packet(0x40, b"\0\1\0\0\0"), MALFORMED),
    "PUBACK with flags": (ALL, raw.packet(0x41, b"\0\1"), PROTOCOL),
    "PUBREL without flags": (ALL, raw.packet(0x60, b"\0\1"), PROTOCOL),
    "PUBREL with the code of PUBACK": ((V5,), raw.packet(0x62, b"\0\1\x87"), PROTOCOL),
    "PINGREQ with a body": (ALL, raw.packet(0xC0, b"\0"), MALFORMED),
    "PINGRESP with a body": (ALL, raw.packet(0xD0, b"\0"), MALFORMED),
    "DISCONNECT with flags": (ALL, raw.packet(0xE1), PROTOCOL),
    "DISCONNECT with a body": (EARLIER, raw.packet(0xE0, b"\0"), MALFORMED),
    "DISCONNECT with a code that does not exist": ((V5,), raw.packet(0xE0, b"\1"), PROTOCOL),
    "AUTH": (EARLIER, raw.packet(0xF0), PROTOCOL),
    "AUTH with data without a method": ((V5,), raw.packet(0xF0, b"\x18\4\x16\0\1a"), PROTOCOL),
    "type 0": (ALL, raw.packet(0x00), PROTOCOL),
    "CONNACK with flags": ((V4, V5), raw.packet(0x20, b"\2\0\0"), MALFORMED),
    "CONNACK with a session and a failure": ((V4,), raw.packet(0x20, b"\1\5"), PROTOCOL),
    "CONNACK with an unknown return code": (EARLIER, raw.packet(0x20, b"\0\6"), MALFORMED),
    "a second CONNECT": (ALL, raw.connect("user", "password"), PROTOCOL),
    "a size of five bytes": (ALL, b"\x30\xff\xff\xff\xff\1", MALFORMED),
    "a size with a byte too many": ((V5,), b"\x30\x84\0\0\1t\0", MALFORMED),
}
CASES = {
    f"{name}, {version.name}": (version, packet, code)
    for name, (versions, packet, code) in (PUBLISHED | SUBSCRIBED | OTHERS).items()
    for version in versions
}


def error_of(parser: PacketParser, packet: bytes) -> MalformedPacket:
    """The error of a stream without packets."""
    assert parser.feed(packet) == []
    assert parser.error
    # Nothing is read after it.
    assert parser.feed(raw.packet(raw.PINGREQ)) == []
    return parser.error


@pytest.mark.parametrize("name", CASES)
def test_a_packet_that_violates_the_standard(name: str) -> None:
    version, packet, code = CASES[name]
    assert error_of(PacketParser(LARGEST, version), packet).code is code


def connect(head: bytes, rest: bytes = raw.text("c")) -> bytes:
    """A CONNECT. head: name, level, flags and keepalive."""
    return raw.packet(raw.CONNECT, head + rest)


NAME = raw.text("MQTT")
VERSION = ReasonCode.UNSUPPORTED_PROTOCOL_VERSION
CONNECTED = {
    "another name": (connect(raw.text("MQTS") + b"\4\2\0\0"), MALFORMED),
    "the level 3 and the name of 3.1.1": (connect(NAME + b"\3\2\0\0"), VERSION),
    "the level 4 and the name of 3.1": (connect(raw.text("MQIsdp") + b"\4\2\0\0"), VERSION),
    "the level 6": (connect(NAME + b"\6\2\0\0"), VERSION),
    "the level of a bridge": (connect(NAME + b"\x84\2\0\0"), VERSION),
    "a reserved flag": (connect(NAME + b"\4\3\0\0"), MALFORMED),
    "a will's QoS without a will": (connect(NAME + b"\4\x0a\0\0"), MALFORMED),
    "a retained will without a will": (connect(NAME + b"\4\x22\0\0"), MALFORMED),
    "a will with QoS 3": (connect(NAME + b"\4\x1e\0\0", raw.text("c") + raw.text("t") * 2), MALFORMED),
    "a will to a wildcard": (connect(NAME + b"\4\6\0\0", raw.text("c") + raw.text("t/#") + raw.text("")), MALFORMED),
    "a will to an empty topic": (connect(NAME + b"\4\6\0\0", raw.text("c") + raw.text("") * 2), MALFORMED),
    "a password without a user name": (connect(NAME + b"\4\x42\0\0", raw.text("c") + raw.text("p")), MALFORMED),
    "a user name that is missing": (connect(NAME + b"\4\x82\0\0"), MALFORMED),
    "a client id that is not UTF-8": (connect(NAME + b"\4\2\0\0", raw.text(b"\xff")), MALFORMED),
    "no client id": (connect(NAME + b"\4\2\0\0", b""), MALFORMED),
    "more than there is": (connect(NAME + b"\4\2\0\0", raw.text("c") + b"more"), MALFORMED),
    "flags of the fixed header": (raw.packet(0x11, NAME + b"\4\2\0\0" + raw.text("c")), PROTOCOL),
    "a receive maximum of 0": (connect(NAME + b"\5\2\0\0", b"\3\x21\0\0" + raw.text("c")), PROTOCOL),
    "a maximum packet size of 0": (connect(NAME + b"\5\2\0\0", b"\5\x27\0\0\0\0" + raw.text("c")), PROTOCOL),
    "a request of problem information of 2": (connect(NAME + b"\5\2\0\0", b"\2\x17\2" + raw.text("c")), PROTOCOL),
    "data of an authentication without a method": (
        connect(NAME + b"\5\2\0\0", b"\4\x16\0\1a" + raw.text("c")),
        PROTOCOL,
    ),
    "a property of CONNACK": (connect(NAME + b"\5\2\0\0", b"\2\x24\1" + raw.text("c")), PROTOCOL),
    "no CONNECT": (raw.packet(raw.PINGREQ), PROTOCOL),
    "another protocol": (b"GET / HTTP/1.1\r\n", PROTOCOL),
}


@pytest.mark.parametrize("name", CONNECTED)
def test_a_connection_that_begins_wrong(name: str) -> None:
    packet, code = CONNECTED[name]
    assert error_of(PacketParser(LARGEST), packet).code is code


PERMITTED = {
    "SUBSCRIBE sent again": (V3, raw.packet(0x8A, b"\0\1" + raw.text("t") + b"\0")),
    "PUBREL sent again": (V3, raw.packet(0x6A, b"\0\1")),
    "a size with a byte too many": (V4, b"\x30\x83\0\0\1t"),
    "an empty payload": (V4, publish("t")),
    "a topic of slashes": (V4, publish("///")),
    "a byte order mark": (V4, publish("\ufefft")),
    "a topic of 65,535 bytes": (V4, publish("t" * 65_535)),
    "a subscription to #": (V4, raw.subscribe("#", "+", "+/+", "/#", "a//b")),
}


@pytest.mark.parametrize("name", PERMITTED)
def test_what_a_version_permits(name: str) -> None:
    version, packet = PERMITTED[name]
    parser = PacketParser(LARGEST, version)
    assert len(parser.feed(packet)) == 1
    assert parser.error is None


def test_a_reserved_flag_has_no_meaning_in_mqtt_3_1() -> None:
    assert PacketParser(LARGEST).feed(connect(raw.text("MQIsdp") + b"\3\3\0\0"))


def test_a_password_without_a_user_name_in_mqtt_5() -> None:
    assert PacketParser(LARGEST).feed(connect(NAME + b"\5\x42\0\0", b"\0" + raw.text("c") + raw.text("p")))
