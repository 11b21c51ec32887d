"""The embedded broker reads from its clients while messages in processing are within their limits."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.broker import BrokerDelivery
from iotflow_gateway.embedded import broker as broker_module
from iotflow_gateway.embedded.access_control import AccessControl, AnonymousAccess
from iotflow_gateway.embedded.broker import EmbeddedBroker
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Kind, Topics
from tests.support import raw_mqtt as raw

PATIENCE = 10.0
TOPIC = "p/devices/7/telemetry"
ADAPTER = ("adapter", "secret")
CONNACK, PUBACK = b"\x20\x02\0\0", b"\x40\x02"
TURNS = 50


def made(window: int, port: int) -> EmbeddedBroker:
    topics = Topics("p")
    access = AccessControl(
        channel=grpc.aio.insecure_channel("127.0.0.1:1"),
        metadata=(),
        directory=Directory(),
        topics=topics,
        adapter=ADAPTER,
        anonymous=AnonymousAccess(register=False, publish=True),
    )
    return EmbeddedBroker("127.0.0.1", port, access, topics, window)


class Running:
    """A broker and its messages in the order of arrival."""

    def __init__(self, broker: EmbeddedBroker, port: int) -> None:
        self.broker = broker
        self._port = port
        self._messages: asyncio.Queue[Message] = asyncio.Queue()

    def take(self, message: Message) -> None:
        self._messages.put_nowait(message)

    async def next(self) -> Message:
        return await self._messages.get()

    async def is_quiet(self) -> bool:
        """Whether no message arrives in a number of turns of the event loop."""
        for _ in range(TURNS):
            await asyncio.sleep(0)
        return self._messages.empty()

    @asynccontextmanager
    async def client(self, *login: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(raw.connect(*login, client_id="c"))
        assert await reader.readexactly(4) == CONNACK
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def running(window: int) -> AsyncIterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    one = Running(made(window, port), port)
    task = asyncio.create_task(one.broker.run(one.take))
    try:
        async with asyncio.timeout(PATIENCE):
            await one.broker.connected()
            yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_reading_resumes_once_messages_are_finished() -> None:
    async with running(window=2) as one, one.client() as (reader, writer):
        writer.write(b"".join(raw.publish(TOPIC, b"{}", flags=2, packet_id=number) for number in range(1, 5)))
        first, second = await one.next(), await one.next()
        assert await one.is_quiet()
        assert one.broker.waiting == 2
        one.broker.finish(first)
        third = await one.next()
        assert await one.is_quiet()
        for message in (second, third):
            one.broker.finish(message)
        one.broker.finish(await one.next())
        assert one.broker.waiting == 0
        acknowledged = [(await reader.readexactly(4))[3] for _ in range(4)]
    assert acknowledged == [1, 2, 3, 4]


@pytest.mark.parametrize(("most", "are_both_read"), [(5, True), (4, False)])
async def test_reading_stops_at_the_size_of_unfinished_messages(
    monkeypatch: pytest.MonkeyPatch, most: int, are_both_read: bool
) -> None:
    monkeypatch.setattr(broker_module, "MOST_BYTES", most)
    async with running(window=100) as one, one.client() as (_, writer):
        writer.write(raw.publish(TOPIC, b"1234") + raw.publish(TOPIC, b"5678"))
        first = await one.next()
        if not are_both_read:
            assert await one.is_quiet()
            one.broker.finish(first)
        assert (await one.next()).payload == b"5678"


async def test_the_address_of_a_message_depends_on_the_login() -> None:
    async with running(window=10) as one:
        async with one.client() as (_, writer):
            writer.write(raw.publish(TOPIC, b"{}"))
            anonymous = await one.next()
        async with one.client(*ADAPTER) as (_, writer):
            writer.write(raw.publish(TOPIC, b"{}"))
            own = await one.next()
    assert (anonymous.address.kind, anonymous.address.keyed, anonymous.device_id) == (Kind.TELEMETRY, True, 0)
    assert anonymous.connection_key is not None
    assert (own.address.kind, own.address.keyed) == (Kind.TELEMETRY, False)


async def test_messages_are_delivered_to_connected_subscribers_only() -> None:
    async with running(window=10) as one:
        assert await one.broker.deliver("t", b"x") is BrokerDelivery.NO_SUBSCRIBER
        async with one.client(*ADAPTER) as (reader, writer):
            writer.write(raw.subscribe("t"))
            assert (await reader.readexactly(5))[:2] == b"\x90\x03"
            delivery = asyncio.create_task(one.broker.deliver("t", b"x", retain=True))
            packet = await reader.readexactly(8)
            assert (packet[:5], packet[7:]) == (b"\x32\x06\0\x01t", b"x")
            writer.write(PUBACK + packet[5:7])
            assert await delivery is BrokerDelivery.RECEIVED
            assert one.broker.publish("t", b"y")
            assert (await reader.readexactly(8))[7:] == b"y"
        async with one.client(*ADAPTER) as (reader, writer):
            writer.write(raw.subscribe("t", qos=0))
            received = await reader.readexactly(5 + 6)
            # In either order; the retained message is marked as such.
            assert b"\x90\x03\0\x01\0" in received
            assert b"\x31\x04\0\x01tx" in received


async def test_a_broker_that_does_not_run_delivers_nothing() -> None:
    broker = made(window=1, port=0)
    assert not broker.publish("t", b"x")
    assert await broker.deliver("t", b"x", retain=True) is BrokerDelivery.NO_SUBSCRIBER
    assert broker.session_present


async def test_a_port_in_use_is_an_error_of_the_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = used.getsockname()[1]
        with pytest.raises(OSError, match=str(port)):
            async with asyncio.timeout(PATIENCE):
                await made(window=1, port=port).run(lambda _: None)
