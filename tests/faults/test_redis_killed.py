"""Redis is killed, paused and restarted empty: readings are stored throughout, and the live feed reports its state."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from iotflow.channels import credentials, open_channel
from iotflow.v1.telemetry_service_pb2 import SubscribeTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.faults.progress import PATIENCE
from tests.faults.service import Service
from tests.support.redis_server import RedisServer, redis_server


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def settings(redis: RedisServer) -> dict[str, str]:
    """A server with Redis."""
    return {"IOTFLOW_REDIS_URL": redis.url}


class Listener:
    """A subscriber of the live feed. rows: number of received readings; degraded: last reported state of the feed."""

    def __init__(self) -> None:
        self.rows = 0
        self.degraded = False
        self.news = asyncio.Condition()

    async def until_degraded(self, degraded: bool) -> None:
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: self.degraded == degraded)

    async def until_more(self) -> None:
        """Wait for further readings."""
        async with asyncio.timeout(PATIENCE), self.news:
            before = self.rows
            await self.news.wait_for(lambda: self.rows > before)

    async def listen(self, service: Service) -> None:
        async with open_channel(service.server.target) as channel:
            request = SubscribeTelemetryRequest(columnar=True)
            metadata = credentials(token=service.server.admin_token)
            async for event in TelemetryServiceStub(channel).SubscribeTelemetry(request, metadata=metadata):
                async with self.news:
                    self.rows += len(event.batch.timestamps)
                    if event.HasField("feed"):
                        self.degraded = event.feed.degraded
                    self.news.notify_all()


@asynccontextmanager
async def listening(service: Service) -> AsyncIterator[Listener]:
    """A subscriber during the block."""
    listener = Listener()
    task = asyncio.create_task(listener.listen(service))
    try:
        yield listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_readings_are_stored_and_the_feed_recovers_from_every_fault_of_redis(
    service: Service, redis: RedisServer
) -> None:
    async with service.sending() as fleet, listening(service) as listener:
        for _ in range(2):
            await fleet.progress.more(service.random.randrange(10, 400))
            await listener.until_more()
            redis.kill()
            await listener.until_degraded(True)
            await fleet.progress.more(service.random.randrange(10, 400))
            await listener.until_more()
            redis.start()
            await listener.until_degraded(False)
        redis.freeze()
        await listener.until_degraded(True)
        await fleet.progress.more(service.random.randrange(10, 400))
        redis.thaw()
        await listener.until_degraded(False)
        await listener.until_more()
    assert not any(sender.refusals for sender in fleet.senders)
    await service.check()
