"""The properties of MQTT 5 that name a message and describe its payload."""

import asyncio
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from iotflow_gateway.broker import BrokerAddress, BrokerSession
from iotflow_gateway.broker.retained_cleanup import MARK
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Topics
from tests.support import raw_mqtt as raw

PATIENCE = 10.0
LAST = b"{}"
TOPIC = "p/devices/1/telemetry"
# The broker has a session of the adapter.
CONNACK, SUBACK = b"\x20\x03\1\0\0", b"\x90\x04"

Fields = dict[str, Any]


def publish(fields: Fields, payload: bytes = LAST) -> bytes:
    """A PUBLISH of MQTT 5 with these properties."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in fields.items():
        setattr(properties, name, value)
    return raw.packet(raw.PUBLISH, raw.text(TOPIC) + properties.pack() + payload)  # type: ignore[no-untyped-call]


async def received(*packets: bytes) -> list[Message]:
    """The messages of an adapter's session to which a broker sends these packets, up to the first with the payload LAST."""
    found, has_last = list[Message](), asyncio.Event()

    def receive(message: Message) -> None:
        found.append(message)
        if message.payload == LAST:
            has_last.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw.read_packet(reader)
        writer.write(CONNACK)
        subscription = await raw.read_packet(reader)
        writer.write(SUBACK + subscription[:2] + b"\0\1" + b"".join(packets))
        await has_last.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = BrokerAddress("127.0.0.1", server.sockets[0].getsockname()[1], "adapter", "secret", "adapter")
    session = BrokerSession(address, Topics("p"), [TOPIC], [])
    running = asyncio.create_task(session.run(receive))
    try:
        async with asyncio.timeout(PATIENCE):
            await has_last.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        server.close()
    return found


@pytest.mark.parametrize(
    ("fields", "message_id", "content_type", "correlation"),
    [
        ({}, "", "", b""),
        ({"UserProperty": ("message-id", "a")}, "a", "", b""),
        ({"UserProperty": [("other", "a"), ("message-id", "b"), ("Message-Id", "c")]}, "b", "", b""),
        ({"UserProperty": ("other", "a"), "ContentType": "text/csv"}, "", "text/csv", b""),
        ({"CorrelationData": b"\x01\xff"}, "", "", b"\x01\xff"),
    ],
)
async def test_properties_of_a_message(fields: Fields, message_id: str, content_type: str, correlation: bytes) -> None:
    [message] = await received(publish(fields))
    assert message.topic == TOPIC
    assert (message.message_id, message.content_type, message.correlation) == (message_id, content_type, correlation)


async def test_empty_messages_of_adapters_are_not_processed() -> None:
    """They have cleared a retained message."""
    mark = {"UserProperty": MARK}
    packets = [publish(fields, payload) for fields in (mark, {}) for payload in (b"", b"payload")]
    found = await received(*packets, publish({}))
    assert [message.payload for message in found] == [b"payload", b"", b"payload", LAST]
