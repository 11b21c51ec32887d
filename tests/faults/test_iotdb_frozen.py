"""An IoTDB that keeps its connections and says nothing."""

import asyncio

from tests.faults.sender import set_within
from tests.faults.service import Service

FROZEN_SECONDS = 20.0


async def test_a_frozen_iotdb_holds_up_nobody_for_long(service: Service) -> None:
    async with service.sending() as fleet:
        await fleet.progress.more(service.random.randrange(10, 400))
        with service.database.frozen():
            timer = set_within(asyncio.Event(), FROZEN_SECONDS)
            await asyncio.gather(timer, fleet.progress.more_buffered(service.random.randrange(50, 400)))
        await fleet.progress.more(100)
    assert not any(sender.refusals for sender in fleet.senders)
    await service.check()


async def test_a_server_that_dies_while_iotdb_is_frozen_leaves_no_late_writes(service: Service) -> None:
    async with service.sending() as fleet:
        for sender in fleet.senders[:2]:
            sender.forgetful = True
        await fleet.progress.more(service.random.randrange(10, 400))
        with service.database.frozen():
            # Writes are under way to IoTDB, which will carry them out although nobody waits for them any more.
            await set_within(asyncio.Event(), service.random.uniform(0.1, 1))
            service.server.kill()
            starting = asyncio.create_task(asyncio.to_thread(service.server.start))
            await set_within(asyncio.Event(), service.random.uniform(0.1, 3))
        await starting
        await fleet.progress.more(200)
    await service.check()
