"""A query ends when its caller is cancelled, and fails when it takes too long."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from iotflow_server.errors import LimitExceeded
from iotflow_server.telemetry.ports import SERVER, Span
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore
from iotflow_server.telemetry.stores.sqlite.connections import SqliteConnections
from tests.contract.readings import doubles

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
CALLS = 20


def endless(connection: sqlite3.Connection) -> Any:
    return connection.execute(ENDLESS).fetchone()


def many_short(connection: sqlite3.Connection) -> None:
    while True:
        connection.execute("SELECT 1").fetchone()


def one(connection: sqlite3.Connection) -> Any:
    return connection.execute("SELECT 1").fetchone()


@pytest.mark.parametrize("work", [endless, many_short])
async def test_sqlite_ends_a_read_whose_caller_is_cancelled(tmp_path: Path, work: Any) -> None:
    connections = SqliteConnections(tmp_path / "readings.db", readers=6, read_seconds=60.0)
    await connections.open()
    calls = [asyncio.create_task(connections.read(SERVER, work)) for _ in range(CALLS)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await asyncio.wait_for(connections.read(SERVER, one), 10) == (1,)
    # Returns when no thread is busy.
    await asyncio.wait_for(connections.close(), 10)


async def test_sqlite_ends_a_read_that_takes_too_long(tmp_path: Path) -> None:
    connections = SqliteConnections(tmp_path / "readings.db", readers=6, read_seconds=0.1)
    await connections.open()
    with pytest.raises(LimitExceeded) as refusal:
        await asyncio.wait_for(connections.read(SERVER, endless), 10)
    assert refusal.value.reason == "QUERY_TOO_LONG"
    assert await connections.read(SERVER, one) == (1,)
    await connections.close()


class Relay:
    """Passes connections on to a server. While it is silent, it holds all responses back."""

    def __init__(self, node: str) -> None:
        self._host, _, self._port = node.rpartition(":")
        self._passes = asyncio.Event()
        self._passes.set()
        # Requests whose responses are held back.
        self.held = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """The address of the relay."""
        server = await asyncio.start_server(self._connect, "127.0.0.1")
        async with server:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def be_silent(self) -> None:
        self._passes.clear()

    def go_on(self) -> None:
        self._passes.set()

    async def wait_for_held(self, count: int) -> None:
        """Wait until this number of responses is held back."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.held >= count)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection(self._host, int(self._port))
        answering = asyncio.create_task(self._answer(answers, writer))
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                requests.write(data)
        answering.cancel()
        requests.close()
        writer.close()

    async def _answer(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await answers.read(65_536):
                if not self._passes.is_set():
                    async with self._changed:
                        self.held += 1
                        self._changed.notify_all()
                    await self._passes.wait()
                writer.write(data)


async def test_a_query_of_iotdb_ends_when_its_caller_is_cancelled(iotdb_address: IotdbAddress) -> None:
    relay, readers = Relay(iotdb_address.nodes[0]), 6
    async with relay.serving() as node:
        store = IotdbStore(replace(iotdb_address, nodes=[node]), readers=readers)
        await store.start()
        await store.write([doubles(1, {1: 1.0})])
        # All readers open their connections.
        await asyncio.gather(*(store.count(1, Span()) for _ in range(CALLS)))
        epoch = store.epoch
        relay.be_silent()
        calls = [asyncio.create_task(store.count(1, Span())) for _ in range(CALLS)]
        async with asyncio.timeout(20):
            await relay.wait_for_held(1)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            relay.go_on()
            assert await store.count(1, Span()) == 1
        # A journal in front of the store would treat a new epoch as a loss of unflushed data.
        assert store.epoch == epoch
        await store.close()
