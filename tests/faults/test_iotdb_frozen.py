"""A paused IoTDB, whose connections stay open."""

import asyncio

from tests.faults.sender import set_within
from tests.faults.service import Service

FROZEN_SECONDS = 20.0


async def test_a_paused_iotdb_delays_no_acknowledgement_for_long(service: Service) -> None:
    async with service.sending() as fleet:
        await fleet.progress.more(service.random.randrange(10, 400))
        with service.database.frozen():
            timer = set_within(asyncio.Event(), FROZEN_SECONDS)
            await asyncio.gather(timer, fleet.progress.more_buffered(service.random.randrange(50, 400)))
        await fleet.progress.more(100)
    assert not any(sender.refusals for sender in fleet.senders)
    await service.check()


async def test_a_server_killed_while_iotdb_is_paused_leaves_no_late_writes(service: Service) -> None:
    async with service.sending() as fleet:
        for sender in fleet.senders[:2]:
            sender.forgetful = True
        await fleet.progress.more(service.random.randrange(10, 400))
        with service.database.frozen():
            # Writes are in progress, and IoTDB carries them out although no server waits for them.
            await set_within(asyncio.Event(), service.random.uniform(0.1, 1))
            service.server.kill()
            starting = asyncio.create_task(asyncio.to_thread(service.server.start))
            await set_within(asyncio.Event(), service.random.uniform(0.1, 3))
        await starting
        await fleet.progress.more(200)
    await service.check()
