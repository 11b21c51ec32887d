"""The server is killed with SIGKILL, alone and together with IoTDB: the journal has all acknowledged readings."""

import asyncio

from tests.faults.service import Service


async def test_a_killed_server_loses_no_acknowledged_reading(service: Service) -> None:
    async with service.sending() as fleet:
        # Some devices do not resend unacknowledged batches.
        for sender in fleet.senders[:2]:
            sender.forgetful = True
        for _ in range(3):
            await fleet.progress.more(service.random.randrange(10, 400))
            service.server.kill()
            await asyncio.to_thread(service.server.start)
    assert any(sender.refusals for sender in fleet.senders)
    await service.check()


async def test_no_acknowledged_reading_is_lost_when_server_and_iotdb_are_killed(service: Service) -> None:
    async with service.sending() as fleet:
        for sender in fleet.senders[:2]:
            sender.forgetful = True
        for _ in range(2):
            await fleet.progress.more(service.random.randrange(10, 400))
            victims = [service.database.kill(), asyncio.to_thread(service.server.kill)]
            service.random.shuffle(victims)
            await asyncio.gather(*victims)
            # The server restarts before or after IoTDB.
            await asyncio.gather(asyncio.to_thread(service.server.start), service.database.start())
            await fleet.progress.more(service.random.randrange(10, 200))
    await service.check()


async def test_the_journal_of_a_server_killed_while_iotdb_is_down_is_replayed_by_the_next(service: Service) -> None:
    async with service.sending() as fleet:
        await fleet.progress.more(service.random.randrange(10, 200))
        await service.database.kill()
        for _ in range(2):
            await fleet.progress.more_buffered(service.random.randrange(10, 200))
            service.server.kill()
            await asyncio.to_thread(service.server.start)
        await fleet.progress.more_buffered(service.random.randrange(10, 200))
        await service.database.start()
    await service.check()
