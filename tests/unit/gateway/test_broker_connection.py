"""The adapter's connection to a broker: silence, violations of the protocol, and the messages that the adapter sends."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from iotflow_gateway.broker import BrokerAddress, BrokerSession, CannotConnect, packet_stream
from iotflow_gateway.broker import session as session_module
from iotflow_gateway.broker.connection import MqttConnection
from iotflow_gateway.broker.requests import MOST_OUTGOING, Requests
from iotflow_gateway.mqtt import NO_PROPERTIES, Publish, ReasonCode, Subscribe, Unsubscribe
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Topics
from tests.support import raw_mqtt as raw

PATIENCE = 30.0
TICK, KEEPALIVE = 0.02, 0.1
PUBLISH, SUBSCRIBE, PINGREQ = 3, 8, 12
PINGRESP = b"\xd0\0"
TOPIC = "p/devices/1/telemetry"


class Broker:
    """A broker of MQTT 5. receive_maximum: of its CONNACK; 0: none. sends: after a subscription. received: first bytes of the packets,
    the packet identifiers of messages, and the messages without them."""

    def __init__(self, *, receive_maximum: int = 0, answers_pings: bool = True, sends: bytes = b"") -> None:
        self.received: list[int] = []
        self.ids: list[int] = []
        self.messages: list[bytes] = []
        self.changed = asyncio.Event()
        self._connack = bytes([0x20, 6, 0, 0, 3, 0x21, 0, receive_maximum]) if receive_maximum else b"\x20\3\0\0\0"
        self._answers_pings = answers_pings
        self._sends = sends
        self._writer: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        try:
            await raw.read_packet(reader)
            writer.write(self._connack)
            while True:
                first, size = await reader.readexactly(2)
                self._answer(first >> 4, await reader.readexactly(size), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    def _answer(self, kind: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        self.received.append(kind)
        if kind == SUBSCRIBE:
            writer.write(b"\x90\x04" + body[:2] + b"\0\1" + self._sends)
        elif kind == PINGREQ and self._answers_pings:
            writer.write(PINGRESP)
        elif kind == PUBLISH:
            start = 2 + int.from_bytes(body[:2], "big")
            self.ids.append(int.from_bytes(body[start : start + 2], "big"))
            self.messages.append(body[start + 2 :])
        self.changed.set()

    def acknowledge(self, packet_id: int) -> None:
        assert self._writer
        self._writer.write(b"\x40\2" + packet_id.to_bytes(2, "big"))

    async def close(self) -> None:
        if self._writer:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def listening(broker: Broker) -> AsyncIterator[BrokerAddress]:
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    try:
        yield BrokerAddress("127.0.0.1", server.sockets[0].getsockname()[1], "adapter", "secret", "adapter")
    finally:
        server.close()
        await broker.close()


@asynccontextmanager
async def session_at(broker: Broker) -> AsyncIterator[BrokerSession]:
    async with listening(broker) as address:
        session = BrokerSession(address, Topics("p"), [TOPIC], [])
        running = asyncio.create_task(session.run(session.finish))
        try:
            async with asyncio.timeout(PATIENCE):
                await session.connected()
            yield session
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def short_keepalive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "TICK_SECONDS", TICK)
    monkeypatch.setattr(packet_stream, "KEEPALIVE_SECONDS", KEEPALIVE)


@pytest.mark.usefixtures("short_keepalive")
async def test_a_quiet_connection_is_kept_by_pings() -> None:
    broker = Broker()
    with capture_logs() as logs:
        async with session_at(broker):
            await broker.until(lambda: broker.received.count(PINGREQ) >= 5)
    assert [line["event"] for line in logs] == ["broker_connected"]


@pytest.mark.usefixtures("short_keepalive")
async def test_a_broker_that_answers_no_ping_is_left() -> None:
    with capture_logs() as logs:
        async with session_at(Broker(answers_pings=False)) as session, asyncio.timeout(PATIENCE):
            await session.lost()
            await asyncio.sleep(0)
    assert any("the broker has sent nothing for" in line.get("problem", "") for line in logs)


@pytest.mark.parametrize(
    ("payload", "retain", "is_marked"), [(b"", True, True), (b"x", True, False), (b"", False, False)]
)
async def test_only_a_message_that_clears_a_topic_has_the_mark_of_the_adapter(
    payload: bytes, retain: bool, is_marked: bool
) -> None:
    """The adapter does not take it for a message of a device."""
    broker = Broker()
    async with session_at(broker) as session:
        delivery = asyncio.create_task(session.deliver(TOPIC, payload, retain=retain))
        await broker.until(lambda: bool(broker.messages))
        broker.acknowledge(broker.ids[0])
        async with asyncio.timeout(PATIENCE):
            await delivery
    (message,) = broker.messages
    assert message.endswith(payload)
    assert (b"cleared" in message) is is_marked


async def test_a_violation_of_the_protocol_ends_the_connection_after_the_messages_before_it() -> None:
    message = raw.packet(raw.PUBLISH, raw.text(TOPIC) + b"\0{}")
    broker, taken = Broker(sends=message + b"\xf1\0" + message), list[Publish]()
    async with listening(broker) as address, asyncio.timeout(PATIENCE):
        connection = MqttConnection(address, taken.extend)
        await connection.connect()
        with contextlib.suppress(CannotConnect):
            await connection.subscribe([TOPIC])
        assert "0xF1" in await connection.closed
    assert [one.payload for one in taken] == [b"{}"]


BAD_TOPIC = raw.text(b"\xff") + b"\0\7\0{}"
BAD_PROPERTIES = raw.text(TOPIC) + b"\0\7\1\xff{}"


@pytest.mark.parametrize("malformed", [BAD_TOPIC, BAD_PROPERTIES], ids=["topic", "properties"])
async def test_a_malformed_message_blocks_no_other(malformed: bytes) -> None:
    """It is one without a topic, which the adapter rejects and acknowledges. Otherwise the broker would send it again and again."""
    good = raw.packet(raw.PUBLISH | 2, raw.text(TOPIC) + b"\0\x08\0{}")
    sent, taken = raw.packet(raw.PUBLISH | 2, malformed) + good, list[Publish]()
    async with listening(Broker(sends=sent)) as address, asyncio.timeout(PATIENCE):
        connection = MqttConnection(address, taken.extend)
        await connection.connect()
        await connection.subscribe([TOPIC])
        assert not connection.closed.done()
        connection.close()
    assert [(one.topic, one.packet_id) for one in taken[:2]] == [("", 7), (TOPIC, 8)]


async def test_a_delivery_fails_with_its_connection() -> None:
    broker = Broker()
    async with listening(broker) as address, asyncio.timeout(PATIENCE):
        connection = MqttConnection(address, lambda _: None)
        await connection.connect()
        delivery = asyncio.create_task(connection.deliver("t", b"", retain=False, properties=NO_PROPERTIES))
        await broker.until(lambda: bool(broker.ids))
        connection.close()
        with pytest.raises(CannotConnect):
            await delivery


async def test_the_broker_bounds_the_messages_in_flight() -> None:
    """Further ones follow its acknowledgements, in order."""
    broker = Broker(receive_maximum=2)
    async with session_at(broker) as session:
        assert all(session.publish(f"p/devices/1/errors/{number}", b"") for number in range(4))
        await broker.until(lambda: len(broker.ids) == 2)
        broker.acknowledge(broker.ids[1])
        await broker.until(lambda: len(broker.ids) == 3)
        broker.acknowledge(broker.ids[0])
        await broker.until(lambda: len(broker.ids) == 4)
    assert len(set(broker.ids)) == 4


async def test_messages_of_a_read_beyond_the_window_wait() -> None:
    """They are taken in order when there is room."""
    payloads = [b"%d" % number for number in range(20)]
    packets = (raw.packet(raw.PUBLISH, raw.text(TOPIC) + b"\0" + payload) for payload in payloads)
    taken, most_waiting, changed = list[Message](), 0, asyncio.Event()

    def take(message: Message) -> None:
        nonlocal most_waiting
        taken.append(message)
        most_waiting = max(most_waiting, session.waiting)
        changed.set()

    async with listening(Broker(sends=b"".join(packets))) as address, asyncio.timeout(PATIENCE):
        session = BrokerSession(replace(address, window=3), Topics("p"), [TOPIC], [])
        running = asyncio.create_task(session.run(take))
        finished = 0
        while finished < len(payloads):
            changed.clear()
            if finished == len(taken):
                await changed.wait()
            session.finish(taken[finished])
            finished += 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [message.payload for message in taken[: len(payloads)]] == payloads
    assert most_waiting == 6


def sent_by(requests: Requests, count: int) -> int:
    return sum(requests.publish(Publish("t")) is not None for _ in range(count))


async def test_the_queue_is_bounded() -> None:
    sent: list[Publish | Subscribe | Unsubscribe] = []
    requests = Requests(sent.append)
    assert sent_by(requests, MOST_OUTGOING + 5) == MOST_OUTGOING
    assert not sent
    requests.open(1)
    requests.answer(sent[0].packet_id, (ReasonCode.SUCCESS,))
    assert sent_by(requests, 5) == 1


async def test_no_identifier_is_used_while_its_packet_has_no_answer() -> None:
    sent: list[Publish | Subscribe | Unsubscribe] = []
    requests = Requests(sent.append)
    requests.open(10)
    kept = requests.subscribe(Subscribe(0, []))
    for _ in range(70_000):
        requests.publish(Publish("t"))
        requests.answer(sent[-1].packet_id, (ReasonCode.SUCCESS,))
    ids = [packet.packet_id for packet in sent]
    assert ids.count(ids[0]) == 1
    assert (min(ids), max(ids)) == (1, 65_535)
    assert not kept.done()
