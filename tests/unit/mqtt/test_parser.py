"""Limits are checked on the fixed header; packets before an error are delivered; what cannot be encoded is an error too."""

import pytest

from iotflow_gateway.mqtt import (
    NO_PROPERTIES,
    Connack,
    MalformedPacket,
    PacketParser,
    PacketType,
    Pingreq,
    Publish,
    ReasonCode,
    Suback,
    Version,
)
from iotflow_gateway.mqtt.data_types import BodyReader, varint
from iotflow_gateway.mqtt.topic_filters import matches
from tests.support import raw_mqtt as raw
from tests.support.mqtt_packets import LARGEST

LIMITS = {PacketType.CONNECT: 20, PacketType.PUBLISH: 300, PacketType.PINGREQ: 0}


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (raw.packet(raw.PUBLISH, bytes(301))[:3], "PUBLISH of 301 bytes: the limit is 300"),
        (b"\x30\xff\xff\xff\x7f", "PUBLISH of 268435455 bytes: the limit is 300"),
        (b"\xc0\x01", "PINGREQ of 1 bytes: the limit is 0"),
        (b"\x20", "first byte 0x20 is not allowed"),
        (b"\x20\x80", "first byte 0x20 is not allowed"),
    ],
)
def test_a_packet_is_rejected_by_its_header(header: bytes, problem: str) -> None:
    parser = PacketParser(LIMITS, Version.V3_1_1)
    assert parser.feed(header) == []
    assert problem in str(parser.error)


def test_too_large_has_a_code_of_its_own() -> None:
    parser = PacketParser(LIMITS, Version.V5)
    parser.feed(b"\x30\xff\x7f")
    assert parser.error
    assert parser.error.code is ReasonCode.PACKET_TOO_LARGE


def test_before_connect_no_other_packet_is_read() -> None:
    parser = PacketParser(LIMITS)
    assert parser.feed(raw.publish("t")) == []
    assert "not the CONNECT" in str(parser.error)


def test_a_packet_of_the_largest_size_is_read() -> None:
    parser = PacketParser(LIMITS, Version.V3_1_1)
    (packet,) = parser.feed(raw.publish("t", bytes(297)))
    assert isinstance(packet, Publish)
    assert len(packet.payload) == 297


def test_packets_before_an_error_are_delivered() -> None:
    parser = PacketParser(LIMITS, Version.V3_1_1)
    assert parser.feed(raw.packet(raw.PINGREQ) * 2 + b"\0\0" + raw.packet(raw.PINGREQ)) == [Pingreq(), Pingreq()]
    assert parser.error


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8001"),
        (16_383, "ff7f"),
        (16_384, "808001"),
        (2_097_151, "ffff7f"),
        (2_097_152, "80808001"),
        (268_435_455, "ffffff7f"),
    ],
)
def test_variable_byte_integers(number: int, encoded: str) -> None:
    """Table 1-1 of MQTT 5."""
    assert varint(number).hex() == encoded
    assert BodyReader(bytes.fromhex(encoded)).varint() == number


@pytest.mark.parametrize(
    ("packet", "problem"),
    [
        (Publish("a\0"), "null character"),
        (Publish("\ud800"), "surrogate"),
        (Publish("t" * 65_536), "65536 bytes: the limit is 65535"),
        (Publish("t", bytes(268_435_456)), "the limit is 268435455"),
    ],
    ids=["null", "surrogate", "long topic", "long payload"],
)
def test_what_mqtt_cannot_express(packet: Publish, problem: str) -> None:
    with pytest.raises(MalformedPacket, match=problem):
        packet.encode(Version.V3_1_1)


@pytest.mark.parametrize(
    ("version", "code", "encoded"),
    [
        (Version.V3_1_1, ReasonCode.SERVER_UNAVAILABLE, "20020003"),
        (Version.V3_1_1, ReasonCode.BANNED, "20020005"),
        (Version.V5, ReasonCode.BANNED, "2003008a00"),
    ],
)
def test_a_reason_code_before_mqtt_5(version: Version, code: ReasonCode, encoded: str) -> None:
    assert Connack(code).encode(version).hex() == encoded


def test_a_rejected_subscription_before_mqtt_5() -> None:
    packet = Suback(1, [ReasonCode.GRANTED_QOS_1, ReasonCode.NOT_AUTHORIZED])
    assert packet.encode(Version.V3_1_1).hex() == "900400010180"
    assert packet.encode(Version.V5).hex() == "90050001000187"


def test_the_shared_properties_cannot_be_changed() -> None:
    (packet,) = PacketParser(LARGEST, Version.V5).feed(Publish("t").encode(Version.V5))
    assert isinstance(packet, Publish)
    with pytest.raises(TypeError):
        packet.properties["content_type"] = "text"
    assert NO_PROPERTIES == {}


@pytest.mark.parametrize(
    ("topic_filter", "topic", "is_match"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("a/+/c", "a//c", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("#", "a/b", True),
        ("+", "/a", False),
        ("+/+", "/a", True),
        ("/+", "/a", True),
        ("#", "$SYS/a", False),
        ("+/a", "$SYS/a", False),
        ("$SYS/#", "$SYS/a", True),
    ],
)
def test_filters(topic_filter: str, topic: str, is_match: bool) -> None:
    """Examples of section 4.7."""
    assert matches(topic_filter, topic) is is_match
