"""Several packets in one TLS record are all read."""

import asyncio
import ssl
import struct
from pathlib import Path

from iotflow_gateway.broker import BrokerAddress
from iotflow_gateway.broker.connection import MqttConnection
from iotflow_gateway.mqtt import Publish
from tests.support.certificates import authority, certificate

CONNECT, SUBSCRIBE = 0x10, 0x82
CONNACK = bytes([0x20, 2, 0, 0])


def publish(number: int) -> bytes:
    """A PUBLISH of QoS 1 to the topic t."""
    return bytes([0x32, 6]) + b"\x00\x01t" + struct.pack("!H", number) + b"x"


async def broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A broker that answers a subscription and sends its queued messages in one record, as brokers behind a proxy do."""
    while head := await reader.read(2):
        body = await reader.readexactly(head[1])
        if head[0] == CONNECT:
            writer.write(CONNACK)
        elif head[0] == SUBSCRIBE:
            writer.write(bytes([0x90, 3]) + body[:2] + b"\x01" + publish(1) + publish(2))
    writer.close()


async def test_messages_in_the_record_of_a_response_are_read(tmp_path: Path) -> None:
    await asyncio.to_thread(authority, tmp_path, "ca")
    await asyncio.to_thread(certificate, tmp_path, "server", "127.0.0.1", "ca")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    received: asyncio.Queue[Publish] = asyncio.Queue()

    def receive(messages: list[Publish]) -> None:
        for message in messages:
            received.put_nowait(message)

    async with await asyncio.start_server(broker, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        address = BrokerAddress("127.0.0.1", port, "", "", "c", tls=True, ca_file=tmp_path / "ca.crt", v5=False)
        connection = MqttConnection(address, receive)
        await connection.connect()
        await connection.subscribe(["t"])
        async with asyncio.timeout(5):
            assert [(await received.get()).packet_id for _ in range(2)] == [1, 2]
        connection.close()
