"""kill -9 of the server, alone and together with IoTDB: its journal has what it acknowledged."""

import asyncio

from tests.faults.service import Service


async def test_a_server_that_dies_loses_nothing_it_acknowledged(service: Service) -> None:
    async with service.sending() as fleet:
        # Some devices do not send again what was under way.
        for sender in fleet.senders[:2]:
            sender.forgetful = True
        for _ in range(3):
            await fleet.progress.more(service.random.randrange(10, 400))
            service.server.kill()
            await asyncio.to_thread(service.server.start)
    assert any(sender.refusals for sender in fleet.senders)
    await service.check()


async def test_both_may_die_at_once(service: Service) -> None:
    async with service.sending() as fleet:
        for sender in fleet.senders[:2]:
            sender.forgetful = True
        for _ in range(2):
            await fleet.progress.more(service.random.randrange(10, 400))
            victims = [service.database.kill(), asyncio.to_thread(service.server.kill)]
            service.random.shuffle(victims)
            await asyncio.gather(*victims)
            # The server takes readings again before IoTDB does, or after.
            await asyncio.gather(asyncio.to_thread(service.server.start), service.database.start())
            await fleet.progress.more(service.random.randrange(10, 200))
    await service.check()


async def test_a_server_that_dies_while_iotdb_is_away_leaves_its_journal_to_the_next(service: Service) -> None:
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
