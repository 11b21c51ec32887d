"""A message of QoS 2 that a client repeats before its release is passed on once."""

import asyncio
from typing import Any
from unittest.mock import create_autospec

import pytest
from amqtt.adapters import BufferReader, BufferWriter
from amqtt.plugins.manager import PluginManager
from amqtt.session import Session

from iotflow_gateway.embedded.access_control import Login
from iotflow_gateway.embedded.client_protocol import ClientProtocol
from iotflow_gateway.embedded.packets import PacketReader, ReadBudget
from iotflow_gateway.embedded.session_state import InboundMessage, admit
from tests.support import raw_mqtt as raw

QOS_2, REPEATED = 0x04, 0x0C


async def passed_on(*packets: bytes) -> list[tuple[str, bytes]]:
    """The messages that are passed on of a client that sends these packets and ends the connection."""
    messages = list[tuple[str, bytes]]()

    def on_publish(_: Session, message: InboundMessage) -> bool:
        messages.append((message.topic, message.payload))
        message.finished.set()
        return True

    session = Session()
    session.client_id = "c"
    admit(session, Login("device", 7))
    stream, may_read = asyncio.StreamReader(), asyncio.Event()
    may_read.set()
    stream.feed_data(b"".join(packets))
    stream.feed_eof()
    plugins: Any = create_autospec(PluginManager, instance=True)
    protocol = ClientProtocol(plugins)
    protocol.prepare(PacketReader(stream, ReadBudget(2**20, may_read)), may_read, on_publish)
    protocol.attach(session, BufferReader(b""), BufferWriter())
    async with asyncio.timeout(5):
        await protocol.start()
        await protocol.wait_disconnect()
    return messages


def release(packet_id: int) -> bytes:
    return raw.packet(0x62, packet_id.to_bytes(2, "big"))


FIRST, AGAIN = raw.publish("t", b"1", QOS_2, 7), raw.publish("t", b"1", REPEATED, 7)


@pytest.mark.parametrize(
    ("packets", "messages"),
    [
        ([FIRST, AGAIN, AGAIN], [("t", b"1")]),
        ([AGAIN, AGAIN], [("t", b"1")]),
        ([FIRST, release(7), AGAIN], [("t", b"1")] * 2),
        ([FIRST, release(8), AGAIN], [("t", b"1")]),
        ([FIRST, raw.publish("t", b"2", REPEATED, 7)], [("t", b"1"), ("t", b"2")]),
        ([FIRST, FIRST], [("t", b"1")] * 2),
        ([FIRST, raw.publish("t", b"1", REPEATED, 8)], [("t", b"1")] * 2),
    ],
    ids=["repeated", "first lost", "released", "another released", "another message", "without DUP", "another id"],
)
async def test_a_message_is_passed_on_once_until_it_is_released(
    packets: list[bytes], messages: list[tuple[str, bytes]]
) -> None:
    assert await passed_on(*packets) == messages
