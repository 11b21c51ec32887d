"""Each part that has threads has none of them after it was closed."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from iotflow.disk_store import DiskStore
from iotflow_server.db.database import Database
from iotflow_server.errors import Unavailable
from iotflow_server.process import ServerLoop
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb.nodes import Nodes
from iotflow_server.telemetry.stores.iotdb.pool import SessionPool
from iotflow_server.telemetry.stores.iotdb.session import IotdbAddress
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from tests.contract.readings import contents, doubles

PATIENCE = 10.0

Opened = Callable[[Path], AbstractAsyncContextManager[object]]


@asynccontextmanager
async def journal(folder: Path) -> AsyncIterator[object]:
    journal = Journal(folder, 2**20, 2**20)
    await journal.open()
    await journal.append([doubles(1, {1: 1.0})])
    yield journal
    await journal.close()


@asynccontextmanager
async def sqlite_store(folder: Path) -> AsyncIterator[object]:
    store = SqliteStore(folder / "readings.db")
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    assert await contents(store, 1, Span())
    yield store
    await store.close()


@asynccontextmanager
async def registry(folder: Path) -> AsyncIterator[object]:
    database = Database(f"sqlite:///{folder}/registry.db")
    await database.start()
    assert await database.exists()
    yield database
    await database.close()


@asynccontextmanager
async def iotdb_sessions(_: Path) -> AsyncIterator[object]:
    pool = SessionPool(Nodes(IotdbAddress(("127.0.0.1:1",), "user", "password"), 1.0, lambda _: None), 1, 1)
    with pytest.raises(Unavailable):
        await pool.write(lambda _: None)
    with pytest.raises(Unavailable):
        await pool.read("caller", lambda _: None)
    yield pool
    await pool.close()


def threads(prefix: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(prefix)]


@pytest.mark.parametrize(
    ("opened", "names"),
    [
        (journal, ["journal_"]),
        (sqlite_store, ["sqlite-writer", "sqlite-reader"]),
        (registry, ["registry-write", "registry-read"]),
        (iotdb_sessions, ["iotdb_", "iotdb-reader"]),
    ],
    ids=["journal", "sqlite_store", "registry", "iotdb_sessions"],
)
async def test_a_closed_part_has_no_threads(opened: Opened, names: list[str], tmp_path: Path) -> None:
    before = set(threading.enumerate())
    async with opened(tmp_path) as part:
        assert all(set(threads(name)) - before for name in names)
    # An executor that is no longer referenced ends its threads in any case.
    assert part
    assert [thread for name in names for thread in set(threads(name)) - before] == []


def ended(found: list[threading.Thread]) -> bool:
    """Whether these threads, whose owner is closed, end."""
    for thread in found:
        thread.join(PATIENCE)
    return not any(thread.is_alive() for thread in found)


async def test_the_thread_of_a_clients_queue_ends_when_it_is_closed(tmp_path: Path) -> None:
    store = await DiskStore.open(tmp_path, 2**20)
    found = threads("iotflow queue")
    assert found
    await store.close()
    assert await asyncio.to_thread(ended, found)
    assert store


def test_the_threads_of_the_name_service_end_with_the_loop() -> None:
    loop = ServerLoop()
    loop.run_until_complete(loop.getaddrinfo("127.0.0.1", 1))
    found = threads("resolver")
    assert found
    loop.close()
    assert ended(found)
    assert loop.is_closed()
