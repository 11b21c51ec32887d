"""Every store backend; each test gets a new one, with a clock that the test controls."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import TelemetryStore
from iotflow_server.telemetry.resolution import MOST_MEASUREMENTS
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from tests.contract.durable import DurableBackend
from tests.contract.joined import JoinedStore
from tests.contract.readings import Clock
from tests.support.iotdb import empty_database
from tests.support.latest import SharingStore
from tests.support.redis_server import RedisServer, redis_server
from tools.iotdb_server import IotdbServer

Opening = Callable[[], TelemetryStore]


def sqlite(request: pytest.FixtureRequest, clock: Clock) -> Opening:
    folder: Path = request.getfixturevalue("tmp_path")
    most: int = request.getfixturevalue("most_measurements")
    return lambda: SqliteStore(folder / "readings.db", clock=clock, settled=clock.settled, most_measurements=most)


def journaled_sqlite(request: pytest.FixtureRequest, clock: Clock) -> Opening:
    folder: Path = request.getfixturevalue("tmp_path")
    backend = sqlite(request, clock)

    def opened() -> TelemetryStore:
        store = backend()
        writer = JournaledWriter(DurableBackend(store), folder / "journal", quiet_seconds=0.01, retry_seconds=0.01)
        return JoinedStore(writer, writer, store)

    return opened


def shared_sqlite(request: pytest.FixtureRequest, clock: Clock) -> Opening:
    backend = sqlite(request, clock)
    server: RedisServer = request.getfixturevalue("redis_running")
    with server.client() as client:
        client.flushall()
    return lambda: SharingStore(backend(), server.url)


def iotdb(request: pytest.FixtureRequest, clock: Clock) -> Opening:
    address: IotdbAddress = request.getfixturevalue("iotdb_address")
    most: int = request.getfixturevalue("most_measurements")
    return lambda: IotdbStore(address, clock=clock, settled=clock.settled, most_measurements=most)


# Factories of stores for a test; all stores of a test share their readings and are not started.
BACKENDS: dict[str, Callable[[pytest.FixtureRequest, Clock], Opening]] = {
    "sqlite": sqlite,
    "journaled sqlite": journaled_sqlite,
    "sqlite, the latest shared": shared_sqlite,
    "iotdb": iotdb,
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def most_measurements() -> int:
    """Largest number of measurements of a device."""
    return MOST_MEASUREMENTS


@pytest.fixture(scope="session")
def redis_running() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def iotdb_address(iotdb_running: IotdbServer) -> Iterator[IotdbAddress]:
    with empty_database(iotdb_running) as address:
        yield address


@pytest.fixture(params=BACKENDS)
def make_store(request: pytest.FixtureRequest, clock: Clock) -> Opening:
    """Each call returns another store of the same readings, not started."""
    return BACKENDS[request.param](request, clock)


@pytest.fixture
async def store(make_store: Opening) -> AsyncIterator[TelemetryStore]:
    store = make_store()
    await store.start()
    yield store
    await store.close()
