"""A private IoTDB for tests: real, one for the whole run, a new database for each test."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession
from tools.iotdb_server import IotdbServer, iotdb_server

_numbers = count(1)

# For tests, Java compiles once and simply: the start takes half of the processor time. For measurements, it optimizes.
SHORT_RUN, LONG_RUN = ("-XX:TieredStopAtLevel=1",), ()


@contextmanager
def running_iotdb(settings: Mapping[str, str] | None = None, java: Sequence[str] = SHORT_RUN) -> Iterator[IotdbServer]:
    """A server that accepts writes. settings: properties in addition to the usual ones. java: options of the virtual machine."""
    with iotdb_server(settings, java=java) as server, empty_database(server) as address:
        asyncio.run(_await_writes(address))
        yield server


async def until_it_takes_writes(store: IotdbStore) -> None:
    """Wait until the server accepts writes; it responds some time earlier."""
    async with asyncio.timeout(30):
        while True:
            try:
                await store.check()
                return
            except Unavailable:
                await asyncio.sleep(0.1)


@contextmanager
def empty_database(server: IotdbServer, name: str = "") -> Iterator[IotdbAddress]:
    """A new database, removed afterwards. name: such as root.iotflow; empty: one that no other test has."""
    address = IotdbAddress([f"127.0.0.1:{server.port}"], database=name or f"root.test_{next(_numbers)}")
    yield address
    session = IotdbSession(address.nodes[0], address, connect_seconds=5, request_seconds=30)
    try:
        session.execute(f"DELETE DATABASE {address.database}")
    finally:
        session.close()


async def _await_writes(address: IotdbAddress) -> None:
    store = IotdbStore(address)
    await store.start()
    await until_it_takes_writes(store)
    await store.close()
