"""A server that starts before its IoTDB."""

import asyncio

from tests.faults.database import Database
from tests.faults.service import Service


async def test_the_journal_accepts_readings_until_iotdb_starts(service: Service, database: Database) -> None:
    await asyncio.to_thread(service.server.stop)
    await database.kill()
    await asyncio.to_thread(service.server.start)
    status = await service.status()
    assert (status.status, status.iotdb_available, status.journal.buffering) == ("buffering", False, True)
    async with service.sending() as fleet:
        await fleet.progress.more_buffered(service.random.randrange(50, 200))
        await database.start()
        status = await service.caught_up()
        assert status.iotdb_available
        assert status.journal.replayed_values > 0
        await fleet.progress.more(50)
    await service.check()
