"""Redis dies, stands still and comes back empty: readings are stored all the while, and the live feed says how it is."""

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
    """The server shares what it stores by Redis."""
    return {"IOTFLOW_REDIS_URL": redis.url}


class Listener:
    """Someone who follows the live feed. rows: heard so far; degraded: what the feed said of itself last."""

    def __init__(self) -> None:
        self.rows = 0
        self.degraded = False
        self.news = asyncio.Condition()

    async def until_degraded(self, degraded: bool) -> None:
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(lambda: self.degraded == degraded)

    async def until_more(self) -> None:
        """Readings are heard."""
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
    """All the while."""
    listener = Listener()
    task = asyncio.create_task(listener.listen(service))
    try:
        yield listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_readings_are_stored_and_the_feed_recovers_whatever_becomes_of_redis(
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
