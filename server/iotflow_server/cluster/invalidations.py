"""What one server process changed in the registry, told to the others, which may remember what it was before.

By publish and subscribe, which keeps nothing for those who are not there: after a break it is the registry that tells
what is, and not a list of what changed. A break is always noticed, for the subscription is the connection's.
"""

import asyncio
import math
import secrets
from collections.abc import Callable, Collection
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.errors import Unavailable

CHANNEL = "iotflow:changes"
# Changes that wait to be told; beyond that the others are told that anything may have changed.
MOST = 1_000
ANYTHING = "anything 0"
SUBSCRIBE_SECONDS, RETRY_SECONDS = 2.0, 0.5
# A line that has been silent for so long is asked whether it still stands, and given up after as long again.
SILENCE_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Hearer(Protocol):
    """What is done about changes elsewhere. Each may raise Unavailable; anything() then follows, until it does not."""

    async def device(self, device_id: int) -> None:
        """This one was changed or removed."""
        ...

    async def token(self, token_id: int) -> None:
        """This one was revoked."""
        ...

    async def command(self, command_id: int) -> None:
        """This one was queued, or has come further."""
        ...

    async def desired(self, device_id: int) -> None:
        """There is a new desired configuration of this device."""
        ...

    async def anything(self) -> None:
        """Nobody knows what was changed; the start is such a moment, too."""
        ...


class RedisNotices:
    """Tells the others what was changed here, within moments and at least once, and the hearer what others changed."""

    def __init__(self, connection: RedisConnection, hearer: Hearer) -> None:
        self._connection = connection
        self._hearer = hearer
        self._name = secrets.token_hex(8)
        self._untold: set[str] = set()
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Needs no Redis yet."""
        works = (self._listen, self._tell_regularly)
        self._tasks = [asyncio.create_task(_for_ever(work), name=f"notices {work.__name__}") for work in works]

    async def close(self) -> None:
        """Tell what is left, if that can be done now."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._untold:
            await asyncio.gather(self._tell(), return_exceptions=True)

    def device_changed(self, device_id: int) -> None:
        """Here, and durably. Never waits."""
        self._put(f"device {device_id}")

    def token_revoked(self, token_id: int) -> None:
        """Here, and durably. Never waits."""
        self._put(f"token {token_id}")

    def command_changed(self, command_id: int) -> None:
        """Here, and durably. Never waits."""
        self._put(f"command {command_id}")

    def desired_changed(self, device_id: int) -> None:
        """Here, and durably. Never waits."""
        self._put(f"desired {device_id}")

    def _put(self, change: str) -> None:
        self._untold.add(change)
        if len(self._untold) > MOST:
            self._untold = {ANYTHING}
        self._news.set()

    async def _tell_regularly(self) -> None:
        await self._news.wait()
        self._news.clear()
        await self._tell()

    async def _tell(self) -> None:
        telling, self._untold = self._untold, set()
        try:
            await self._connection.run(_published([f"{self._name} {change}" for change in telling]))
        except BaseException:
            for change in telling:
                self._put(change)
            raise

    async def _listen(self) -> None:
        """Until the line breaks, which raises Unavailable."""

        async def work(redis: "Redis") -> None:
            async with redis.pubsub() as line:
                async with asyncio.timeout(SUBSCRIBE_SECONDS):
                    await line.subscribe(CHANNEL)
                while True:
                    await self._hear(await _next(line))

        await self._connection.run(work, seconds=math.inf)

    async def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            # From here on nothing is missed, and until here anything was.
            await self._hearer.anything()
        elif message["type"] == "message":
            name, kind, identity = message["data"].decode().split()
            if name != self._name:
                await self._apply(kind, int(identity))

    async def _apply(self, kind: str, identity: int) -> None:
        match kind:
            case "device":
                await self._hearer.device(identity)
            case "token":
                await self._hearer.token(identity)
            case "command":
                await self._hearer.command(identity)
            case "desired":
                await self._hearer.desired(identity)
            case _:
                await self._hearer.anything()


async def _for_ever(work: Callable[[], Any]) -> None:
    while True:
        try:
            await work()
        except Unavailable:
            await asyncio.sleep(RETRY_SECONDS)
        except Exception:
            # Without it, what others change would be known too late for ever.
            log.exception("notices failed")
            await asyncio.sleep(RETRY_SECONDS)


def _published(messages: Collection[str]) -> Callable[["Redis"], Any]:
    async def work(redis: "Redis") -> None:
        async with redis.pipeline(transaction=False) as pipeline:
            for message in messages:
                pipeline.publish(CHANNEL, message)
            await pipeline.execute()

    return work


async def _next(line: PubSub) -> dict[str, Any]:
    """The next message; raises ConnectionError where the line is silent, and does not answer either."""
    for _ in range(2):
        message: dict[str, Any] | None = await line.get_message(timeout=SILENCE_SECONDS)
        if message is not None:
            return message
        await line.ping()
    raise RedisConnectionError("silent")
