"""An adapter subscribes to a broker that first sends the messages that waited for it, however long they take."""

import asyncio

import pytest

from iotflow_gateway.broker import BrokerAddress, BrokerSession, connection
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Topics
from tests.support import raw_mqtt as raw

PATIENCE = 30.0
TICK, LIMIT = 0.05, 0.2
SUBACK = b"\x90\x03"


class LateBroker:
    """Answers a subscription after `first` messages, each of which follows the acknowledgement of the one before. silent: it never
    answers. session_present: it had a session of the adapter."""

    def __init__(self, first: int, *, silent: bool = False, session_present: bool = False) -> None:
        self.connections = 0
        self.reconnected = asyncio.Event()
        self._first = first
        self._silent = silent
        self._session_present = session_present

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.connections > 1:
            self.reconnected.set()
        try:
            await raw.read_packet(reader)
            writer.write(bytes([0x20, 2, self._session_present, 0]))
            subscription = await raw.read_packet(reader)
            for mid in range(1, self._first + 1):
                writer.write(raw.publish("p/devices/1/telemetry", b"{}", flags=2, packet_id=mid))
                await raw.read_packet(reader)
            if not self._silent:
                writer.write(SUBACK + subscription[:2] + b"\1")
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The session ended.
        finally:
            writer.close()


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TICK_SECONDS", TICK)
    monkeypatch.setattr(connection, "CONNECT_SECONDS", LIMIT)


async def test_messages_before_the_answer_may_take_longer_than_the_limit() -> None:
    broker, taken = LateBroker(first=10), list[Message]()
    async with asyncio.timeout(PATIENCE), await asyncio.start_server(broker.serve, "127.0.0.1", 0) as server:
        session = _session(server)

        def take(message: Message) -> None:
            taken.append(message)
            asyncio.get_running_loop().call_later(LIMIT / 2, session.finish, message)

        running = asyncio.create_task(session.run(take))
        await session.connected()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert (len(taken), broker.connections) == (10, 1)


async def test_a_broker_that_never_answers_is_left() -> None:
    broker = LateBroker(first=0, silent=True)
    async with asyncio.timeout(PATIENCE), await asyncio.start_server(broker.serve, "127.0.0.1", 0) as server:
        running = asyncio.create_task(_session(server).run(lambda _: None))
        await broker.reconnected.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("session_present", [False, True])
async def test_the_broker_states_whether_it_had_a_session(session_present: bool) -> None:
    broker = LateBroker(first=0, session_present=session_present)
    async with asyncio.timeout(PATIENCE), await asyncio.start_server(broker.serve, "127.0.0.1", 0) as server:
        session = _session(server)
        assert session.session_present is False
        running = asyncio.create_task(session.run(lambda _: None))
        await session.connected()
        assert session.session_present is session_present
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _session(server: asyncio.Server) -> BrokerSession:
    port = server.sockets[0].getsockname()[1]
    address = BrokerAddress("127.0.0.1", port, "adapter", "secret", "adapter", v5=False, window=20)
    return BrokerSession(address, Topics("p"), ["p/devices/+/telemetry"], [])
