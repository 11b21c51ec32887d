"""IoTDB is killed with SIGKILL during writes: readings that it lost are written again."""

from pathlib import Path

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb import IotdbStore
from tests.contract.readings import contents, doubles
from tests.faults.caught_up import caught_up
from tests.faults.database import Database
from tests.faults.service import Service
from tests.support.iotdb import until_it_takes_writes


async def test_no_acknowledged_reading_is_lost_whenever_iotdb_is_killed(service: Service) -> None:
    async with service.sending() as fleet:
        for _ in range(3):
            await fleet.progress.more(service.random.randrange(10, 400))
            await service.database.kill()
            await fleet.progress.more_buffered(service.random.randrange(10, 200))
            await service.database.start()
            if service.random.random() < 0.5:
                await service.caught_up()
    assert not any(sender.refusals for sender in fleet.senders)
    await service.check()


async def test_a_crash_between_calls_is_noticed_before_the_journal_is_emptied(
    database: Database, tmp_path: Path
) -> None:
    backend = IotdbStore(database.address, sessions=1, request_seconds=1.0)
    store = JournaledWriter(backend, tmp_path, checkpoint_seconds=3600.0)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    # The only connection is closed while IoTDB runs, and opened after its restart.
    with database.frozen(), pytest.raises(Unavailable):
        await backend.count(1, Span())
    await database.kill()
    await database.start()
    other = IotdbStore(database.address)
    await until_it_takes_writes(other)
    await store.write([doubles(1, {2: 2.0})])
    await caught_up(store)
    assert await contents(other, 1) == {("m", 1): 1.0, ("m", 2): 2.0}
    await other.close()
    await store.close()
