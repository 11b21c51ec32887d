"""The bodies of packets of MQTT: limits exactly at them, and every violation of the protocol."""

import pytest

from iotflow_gateway.embedded.packet_bodies import (
    LONGEST_CLIENT_ID,
    MOST_FILTERS_AT_ONCE,
    Body,
    Published,
    Unsupported,
    acknowledged,
    checked_connect,
    filters,
    published,
)
from iotflow_gateway.embedded.packets import MalformedPacket, Packet, Type
from tests.support.raw_mqtt import PASSWORD, USERNAME, WILL, connect, text

WILL_RETAIN, RESERVED = 0x20, 0x01


def packet(type_: Type, body: bytes, flags: int = 0) -> Packet:
    return Packet(type_, flags, bytes([type_ << 4 | flags, len(body) & 0x7F]), body)


def test_a_body_is_read_from_its_beginning_to_its_end() -> None:
    body = Body(b"\x01\0\x02ab\x03rest")
    assert (body.number(1), body.data(), body.number(1)) == (1, b"ab", 3)
    assert not body.is_read
    with pytest.raises(MalformedPacket, match="longer than its content"):
        body.check_end()
    assert body.rest() == b"rest"
    assert (body.is_read, body.rest()) == (True, b"")
    body.check_end()


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\x01", b"\0\x03ab"])
def test_a_string_that_ends_early_is_malformed(content: bytes) -> None:
    with pytest.raises(MalformedPacket, match="shorter than its content"):
        Body(content).text()


@pytest.mark.parametrize(
    ("content", "problem"), [(b"\xff", "not UTF-8"), (b"\xed\xa0\x80", "not UTF-8"), (b"a\0", "null character")]
)
def test_a_string_is_utf_8_without_a_null(content: bytes, problem: str) -> None:
    with pytest.raises(MalformedPacket, match=problem):
        Body(text(content)).text()


@pytest.mark.parametrize(("content", "packet_id"), [(b"\0\x01", 1), (b"\xff\xff", 65_535)])
def test_a_packet_id_is_above_zero(content: bytes, packet_id: int) -> None:
    assert Body(content).packet_id() == packet_id
    with pytest.raises(MalformedPacket, match="packet id is 0"):
        Body(b"\0\0").packet_id()


@pytest.mark.parametrize(
    ("flags", "body", "content"),
    [
        (0b0000, text("t") + b"x", Published("t", b"x", 0, 0, retain=False, dup=False)),
        (0b0001, text("t"), Published("t", b"", 0, 0, retain=True, dup=False)),
        (0b1010, text("t") + b"\0\x05x", Published("t", b"x", 1, 5, retain=False, dup=True)),
        (0b0101, text("t") + b"\0\x05", Published("t", b"", 2, 5, retain=True, dup=False)),
    ],
)
def test_a_message_has_its_topic_payload_and_flags(flags: int, body: bytes, content: Published) -> None:
    assert published(packet(Type.PUBLISH, body, flags)) == content


@pytest.mark.parametrize(
    ("flags", "body", "problem"),
    [
        (0b0110, text("t") + b"\0\x05", "QoS 3"),
        (0b0000, text(""), "cannot be published"),
        (0b0000, text("a/+"), r"cannot be published to the topic a/\+"),
        (0b0000, text("a/#"), "cannot be published"),
        (0b0010, text("t") + b"\0\0", "packet id is 0"),
        (0b0010, text("t") + b"\0", "shorter"),
        (0b0000, b"\0\x09t", "shorter"),
        (0b0000, text(b"\xff"), "not UTF-8"),
    ],
)
def test_a_malformed_message_is_an_error(flags: int, body: bytes, problem: str) -> None:
    with pytest.raises(MalformedPacket, match=problem):
        published(packet(Type.PUBLISH, body, flags))


def test_the_error_of_a_message_has_the_beginning_of_a_long_topic() -> None:
    with pytest.raises(MalformedPacket) as malformed:
        published(packet(Type.PUBLISH, text("+" * 10_000)))
    assert str(malformed.value).endswith(" " + "+" * 200)


def test_filters_have_their_qos() -> None:
    body = b"\0\x07" + text("a/+") + b"\x02" + text("#") + b"\0"
    assert filters(packet(Type.SUBSCRIBE, body)) == (7, [("a/+", 2), ("#", 0)])
    assert filters(packet(Type.UNSUBSCRIBE, b"\0\x07" + text("a/+") + text("#"))) == (7, [("a/+", 0), ("#", 0)])


@pytest.mark.parametrize(("type_", "qos"), [(Type.SUBSCRIBE, b"\x01"), (Type.UNSUBSCRIBE, b"")])
def test_a_packet_has_filters_up_to_the_limit(type_: Type, qos: bytes) -> None:
    one = text("f") + qos
    packet_id, found = filters(packet(type_, b"\0\x01" + one * MOST_FILTERS_AT_ONCE))
    assert (packet_id, len(found)) == (1, MOST_FILTERS_AT_ONCE)
    with pytest.raises(MalformedPacket, match=f"{type_.name} of more than {MOST_FILTERS_AT_ONCE} filters"):
        filters(packet(type_, b"\0\x01" + one * (MOST_FILTERS_AT_ONCE + 1)))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"\0\x01", "shorter"),
        (b"\0\0" + text("f") + b"\0", "packet id is 0"),
        (b"\0\x01" + text("") + b"\0", "filter is empty"),
        (b"\0\x01" + text("f") + b"\x03", "QoS is above 2"),
        (b"\0\x01" + text("f"), "shorter"),
        (b"\0\x01" + text(b"\xc0") + b"\0", "not UTF-8"),
    ],
)
def test_a_malformed_subscription_is_an_error(body: bytes, problem: str) -> None:
    with pytest.raises(MalformedPacket, match=problem):
        filters(packet(Type.SUBSCRIBE, body))


def test_an_acknowledgement_has_a_packet_id_and_nothing_else() -> None:
    assert acknowledged(packet(Type.PUBACK, b"\x01\x02")) == 0x102
    for body, problem in ((b"\0", "shorter"), (b"\0\0", "is 0"), (b"\0\x01\0", "longer")):
        with pytest.raises(MalformedPacket, match=problem):
            acknowledged(packet(Type.PUBACK, body))


def connecting(raw: bytes) -> Packet:
    """raw: a CONNECT with a size of one byte, or of two."""
    header = 2 if raw[1] < 0x80 else 3
    return Packet(Type.CONNECT, 0, raw[:header], raw[header:])


@pytest.mark.parametrize(
    "raw",
    [
        connect(),
        connect("name", "secret", client_id="c", keepalive=60),
        connect("name", "secret", will=("t", b"\xff\0"), clean=False),
        connect(client_id="c" * LONGEST_CLIENT_ID),
    ],
)
async def test_a_valid_connect_is_passed_on_unchanged(raw: bytes) -> None:
    assert await checked_connect(connecting(raw)).read() == raw


def connect_with(
    flags: int = 0, rest: bytes = b"", *, name: str = "MQTT", level: int = 4, client_id: str = "c"
) -> Packet:
    return packet(Type.CONNECT, text(name) + bytes([level, flags]) + b"\0\0" + text(client_id) + rest)


WITH_WILL = text("t") + text("x")


@pytest.mark.parametrize(
    ("flags", "rest"),
    [
        (0, b""),
        (WILL, WITH_WILL),
        (WILL | WILL_RETAIN, WITH_WILL),
        (WILL | 2 << 3, WITH_WILL),
        (USERNAME, text("u")),
        (USERNAME | PASSWORD | WILL, WITH_WILL + text("u") + text("p")),
    ],
)
def test_a_connect_has_the_fields_of_its_flags(flags: int, rest: bytes) -> None:
    checked_connect(connect_with(flags, rest))
    with pytest.raises(MalformedPacket, match="longer"):
        checked_connect(connect_with(flags, rest + b"x"))
    if rest:
        with pytest.raises(MalformedPacket, match="shorter"):
            checked_connect(connect_with(flags, rest[:-1]))


@pytest.mark.parametrize("flags", [RESERVED, 1 << 3, 2 << 3, WILL_RETAIN, WILL | 3 << 3])
def test_invalid_flags_of_a_connect_are_malformed(flags: int) -> None:
    with pytest.raises(MalformedPacket, match="invalid flags"):
        checked_connect(connect_with(flags, WITH_WILL))


@pytest.mark.parametrize(
    ("flags", "rest", "problem"),
    [
        (WILL, text("") + text("x"), "last will cannot be published"),
        (WILL, text("a/#") + text("x"), "last will cannot be published to the topic a/#"),
        (USERNAME, text(b"\xff"), "not UTF-8"),
        (PASSWORD, text(b"a\0"), "null character"),
    ],
)
def test_malformed_fields_of_a_connect_are_errors(flags: int, rest: bytes, problem: str) -> None:
    with pytest.raises(MalformedPacket, match=problem):
        checked_connect(connect_with(flags, rest))


def test_a_client_id_above_the_limit_is_rejected() -> None:
    checked_connect(connect_with(client_id="ü" * LONGEST_CLIENT_ID))
    with pytest.raises(MalformedPacket, match=f"more than {LONGEST_CLIENT_ID} characters"):
        checked_connect(connect_with(client_id="c" * (LONGEST_CLIENT_ID + 1)))


@pytest.mark.parametrize("name", ["MQTT", "MQIsdp"])
def test_mqtt_5_is_not_supported(name: str) -> None:
    """The rest of its CONNECT has another form, and is not read."""
    with pytest.raises(Unsupported):
        checked_connect(packet(Type.CONNECT, text(name) + bytes([5, RESERVED])))


@pytest.mark.parametrize(("name", "level"), [("MQTT", 4), ("MQIsdp", 3), ("HTTP", 5)])
def test_other_versions_are_left_to_the_answer_of_the_broker(name: str, level: int) -> None:
    checked_connect(connect_with(name=name, level=level))


def test_the_first_packet_is_a_connect() -> None:
    with pytest.raises(MalformedPacket, match="closed the connection before CONNECT"):
        checked_connect(None)
    with pytest.raises(MalformedPacket, match="the first packet is PUBLISH, not CONNECT"):
        checked_connect(packet(Type.PUBLISH, text("t")))
