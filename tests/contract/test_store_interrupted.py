"""A query ends when its caller is cancelled, and fails when it takes too long."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from iotflow_server.errors import LimitExceeded
from iotflow_server.telemetry.ports import SERVER, Span
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from tests.contract.readings import doubles

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
CALLS = 20


def endless(connection: sqlite3.Connection) -> Any:
    return connection.execute(ENDLESS).fetchone()


def many_short(connection: sqlite3.Connection) -> None:
    while True:
        connection.execute("SELECT 1").fetchone()


@pytest.mark.parametrize("work", [endless, many_short])
async def test_sqlite_ends_a_read_whose_caller_is_cancelled(tmp_path: Path, work: Any) -> None:
    store = SqliteStore(tmp_path / "readings.db")
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    calls = [asyncio.create_task(store._connections.read(SERVER, work)) for _ in range(CALLS)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await asyncio.wait_for(store.count(1, Span()), 10) == 1
    # Returns when no thread is busy.
    await asyncio.wait_for(store.close(), 10)


async def test_sqlite_ends_a_read_that_takes_too_long(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "readings.db", read_seconds=0.1)
    await store.start()
    with pytest.raises(LimitExceeded) as refusal:
        await asyncio.wait_for(store._connections.read(SERVER, endless), 10)
    assert refusal.value.reason == "QUERY_TOO_LONG"
    assert await store.count(1, Span()) == 0
    await store.close()


def silent(session: IotdbSession) -> None:
    """Waits for a response that never arrives."""
    session._socket.read(1)


async def test_a_query_of_iotdb_ends_when_its_caller_is_cancelled(iotdb_address: IotdbAddress) -> None:
    store = IotdbStore(iotdb_address)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    epoch = store.epoch
    calls = [asyncio.create_task(store._pool.read(SERVER, silent)) for _ in range(CALLS)]
    done, _ = await asyncio.wait(calls, timeout=0.5)
    assert not done
    for call in calls:
        call.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(*calls, return_exceptions=True)
        assert await store.count(1, Span()) == 1
    # A journal in front of the store would treat a new epoch as a loss of unflushed data.
    assert store.epoch == epoch
    await store.close()
