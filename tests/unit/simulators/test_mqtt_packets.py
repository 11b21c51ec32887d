"""The packets of simulated MQTT devices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow_simulators.doors import mqtt_packets as mqtt
from iotflow_simulators.doors.mqtt_packets import MalformedPacket, Packet, PacketReader

CONNACK, PUBACK = b"\x20\x02\x00\x00", b"\x40\x02\x12\x34"
LONG = b"\x30\xc8\x01" + bytes(200)


def test_a_connect_is_encoded_as_the_standard_says() -> None:
    assert mqtt.connect(mqtt.V311, "c", "user", "pass", 60, "w") == bytes.fromhex(
        "101e 0004 4d515454 04 ce 003c 0001 63 0001 77 0000 0004 75736572 0004 70617373".replace(" ", "")
    )
    assert mqtt.connect(mqtt.V5, "c", "u", "p", 1, "w") == bytes.fromhex(
        "101a 0004 4d515454 05 ce 0001 00 0001 63 00 0001 77 0000 0001 75 0001 70".replace(" ", "")
    )


def test_a_publish_is_encoded_as_the_standard_says() -> None:
    topic = mqtt.topic("a/b")
    assert mqtt.publish(mqtt.V311, topic, 0x1234, b"{}", b"7") == b"\x32\x09\x00\x03a/b\x12\x34{}"
    assert mqtt.publish(mqtt.V5, topic, 1, b"{}") == b"\x32\x0a\x00\x03a/b\x00\x01\x00{}"
    assert mqtt.publish(mqtt.V5, topic, 1, b"{}", b"7") == b"\x32\x0e\x00\x03a/b\x00\x01\x04\x09\x00\x017{}"
    assert mqtt.publish(mqtt.V311, topic, 1, bytes(200))[:3] == b"\x32\xcf\x01"


def test_a_subscribe_is_encoded_as_the_standard_says() -> None:
    assert mqtt.subscribe(mqtt.V311, 2, ["a", "b"]) == b"\x82\x0a\x00\x02\x00\x01a\x01\x00\x01b\x01"
    assert mqtt.subscribe(mqtt.V5, 2, ["a"]) == b"\x82\x07\x00\x02\x00\x00\x01a\x01"


def test_a_received_message_is_decoded() -> None:
    plain = Packet(mqtt.PUBLISH, 0x02, b"\x00\x01t\x00\x05hello")
    assert mqtt.received(mqtt.V311, plain) == ("t", 5, b"hello")
    assert mqtt.received(mqtt.V5, Packet(mqtt.PUBLISH, 0, b"\x00\x01t\x03\x01\x00\x00hello")) == ("t", 0, b"hello")


@given(st.lists(st.integers(1, 250), max_size=20))
def test_packets_are_found_wherever_the_bytes_are_divided(sizes: list[int]) -> None:
    content = CONNACK + LONG + PUBACK + LONG
    reader = PacketReader()
    found: list[Packet] = []
    for size in sizes:
        found += reader.feed(content[:size])
        content = content[size:]
    found += reader.feed(content)
    assert [(packet.type, len(packet.body)) for packet in found] == [(2, 2), (3, 200), (4, 2), (3, 200)]


@pytest.mark.parametrize("content", [b"\x30\xff\xff\xff\xff\x01", b"\x30\xff\xff\xff\x7f"])
def test_impossible_lengths_are_rejected(content: bytes) -> None:
    with pytest.raises(MalformedPacket):
        list(PacketReader().feed(content))
