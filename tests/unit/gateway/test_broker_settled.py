"""Where connections to the broker end soon, the adapter waits longer before each, and the log tells what may be wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from iotflow.channels import Backoff
from iotflow_gateway.broker import BrokerAddress, BrokerSession
from iotflow_gateway.broker import session as session_module
from iotflow_gateway.topics import Topics
from tests.support import raw_mqtt as raw

PATIENCE = 30.0
CONNECTIONS = 5
FIRST_PAUSE = 0.2
CONNACK, SUBACK = b"\x20\x02\0\0", b"\x90\x03"
TOPIC = "p/devices/1/telemetry"


class Pauses(Backoff):
    """Notes the pauses, and does not wait. seconds: in order."""

    def __init__(self, longest: float) -> None:
        super().__init__(longest=longest)
        self.seconds: list[float] = []
        self.changed = asyncio.Event()

    def delay(self, at_least: float | None) -> float:
        self.seconds.append(super().delay(at_least))
        self.changed.set()
        return 0.0


class ClosingBroker:
    """Ends each connection after the subscription."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await raw.read_packet(reader)
            writer.write(CONNACK)
            subscription = await raw.read_packet(reader)
            writer.write(SUBACK + subscription[:2] + b"\1")
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The session ended at the end of the test.
        finally:
            writer.close()


@asynccontextmanager
async def losing_session(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pauses]:
    """An adapter's session at a broker that ends every connection; its pauses."""
    server = await asyncio.start_server(ClosingBroker().serve, "127.0.0.1", 0)
    pauses = Pauses(5.0)
    monkeypatch.setattr(session_module, "Backoff", lambda **_: pauses)
    port = server.sockets[0].getsockname()[1]
    address = BrokerAddress("127.0.0.1", port, "adapter", "secret", "adapter", v5=False, window=9)
    session = BrokerSession(address, Topics("p"), [TOPIC], [])
    running = asyncio.create_task(session.run(session.finish))
    try:
        yield pauses
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        server.close()


async def after(pauses: Pauses, count: int) -> list[float]:
    """The first pauses, as soon as there are so many."""
    async with asyncio.timeout(PATIENCE):
        while len(pauses.seconds) < count:
            pauses.changed.clear()
            await pauses.changed.wait()
    return pauses.seconds[:count]


async def test_the_pauses_grow_while_connections_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with losing_session(monkeypatch) as pauses:
        assert max(await after(pauses, CONNECTIONS)) > FIRST_PAUSE


async def test_the_pauses_begin_anew_after_a_connection_that_lasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SETTLED_SECONDS", 0.0)
    async with losing_session(monkeypatch) as pauses:
        assert max(await after(pauses, CONNECTIONS)) <= FIRST_PAUSE


@pytest.mark.parametrize(("settled_seconds", "is_hinted"), [(60.0, True), (0.0, False)], ids=["at once", "lasted"])
async def test_only_a_connection_that_ends_at_once_hints_at_equal_names(
    monkeypatch: pytest.MonkeyPatch, settled_seconds: float, is_hinted: bool
) -> None:
    monkeypatch.setattr(session_module, "SETTLED_SECONDS", settled_seconds)
    with capture_logs() as logs:
        async with losing_session(monkeypatch) as pauses:
            await after(pauses, 1)
    lost = next(line for line in logs if line["event"] == "broker_lost")
    assert lost.get("hint", "").startswith("adapters with the same name") == is_hinted
