"""Writes that IoTDB carries out after their time limit must not overwrite newer ones."""

import asyncio
from pathlib import Path

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb import IotdbStore
from tests.contract.readings import DOUBLE, batch, column, contents
from tests.faults.caught_up import caught_up
from tests.faults.database import Database

# Large enough to keep IoTDB busy for a while.
ROWS = 20_000
DEVICES = range(1, 5)


def filled(device_id: int, value: float, rows: int = ROWS) -> Batch:
    """A batch of ascending times from 0, all with this value."""
    return batch(device_id, range(rows), column("m", DOUBLE, [value] * rows))


async def opened(database: Database, root: Path) -> tuple[JournaledWriter, IotdbStore]:
    """A writer that waits for IoTDB for at most one second, and its backend."""
    backend = IotdbStore(database.address, request_seconds=1.0)
    store = JournaledWriter(backend, root, retry_seconds=0.01)
    await store.start()
    await caught_up(store)
    return store, backend


async def test_a_write_that_timed_out_does_not_overwrite_newer_ones(database: Database, tmp_path: Path) -> None:
    store, backend = await opened(database, tmp_path)
    for turn in range(2):
        old, new = 2.0 * turn, 2.0 * turn + 1
        with database.frozen():
            assert await asyncio.gather(*(store.write([filled(one, old)]) for one in DEVICES)) == [[()]] * len(DEVICES)
            assert await store.write([filled(one, new, rows=1) for one in DEVICES]) == [()] * len(DEVICES)
        await caught_up(store)
        for one in DEVICES:
            assert await contents(backend, one, Span(0, 2)) == {("m", 0): new, ("m", 1): old}
    await store.close()


async def test_a_deletion_that_timed_out_removes_no_newer_readings(database: Database, tmp_path: Path) -> None:
    store, backend = await opened(database, tmp_path)
    for turn in range(2):
        await store.write([filled(1, turn)])
        with database.frozen():
            try:
                await store.delete(1, Span())
                raise AssertionError("nobody can have deleted anything")
            except Unavailable:
                assert await store.write([filled(1, turn + 0.5, rows=1)]) == [()]
        await caught_up(store)
        assert (await contents(backend, 1, Span(0, 1))) == {("m", 0): turn + 0.5}
    await store.close()
