"""Changes of the registry, published to the other server processes, which invalidate their caches.

Redis publish/subscribe keeps no messages for absent subscribers: after an interruption all caches are invalidated. An
interruption is always noticed, because it ends the connection of the subscription.
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
# Changes that wait to be published; beyond this number, one message invalidates everything.
MOST = 1_000
ANYTHING = "anything 0"
SUBSCRIBE_SECONDS, RETRY_SECONDS = 2.0, 0.5
# A connection without messages for this long is pinged, and closed after the same time again.
SILENCE_SECONDS = 2.0

log = structlog.get_logger(__name__)


class InvalidationHandler(Protocol):
    """Handles changes made by other processes. Methods may raise Unavailable; anything() is then called until it succeeds."""

    async def device(self, device_id: int) -> None:
        """A device was changed or removed."""
        ...

    async def imported(self, ids: range) -> None:
        """Devices in this range of ids were imported."""
        ...

    async def token(self, token_id: int) -> None:
        """A token was revoked."""
        ...

    async def command(self, command_id: int) -> None:
        """A command was queued or changed its status."""
        ...

    async def desired(self, device_id: int) -> None:
        """The desired configuration of a device was changed."""
        ...

    async def connections(self, opened: str) -> None:
        """MQTT clients have connected; see MqttConnections."""
        ...

    async def anything(self) -> None:
        """Anything may have changed; also called at the start."""
        ...


class RedisInvalidations:
    """Publishes the changes of this process, promptly and at least once, and passes those of others to the handler."""

    def __init__(self, connection: RedisConnection, handler: InvalidationHandler) -> None:
        self._connection = connection
        self._handler = handler
        self._name = secrets.token_hex(8)
        self._pending: set[str] = set()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start; Redis may still be unreachable."""
        works = (self._subscribe, self._publish_regularly)
        self._tasks = [asyncio.create_task(_run_forever(work), name=f"invalidations {work.__name__}") for work in works]

    async def close(self) -> None:
        """Publish pending changes if Redis is available, and stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._pending:
            await asyncio.gather(self._publish(), return_exceptions=True)

    def device_changed(self, device_id: int) -> None:
        """Publish a durable change of this process; never waits."""
        self._put(f"device {device_id}")

    def devices_imported(self, ids: range) -> None:
        """Publish a durable change of this process; never waits."""
        self._put(f"imported {ids.start}-{ids.stop}")

    def token_revoked(self, token_id: int) -> None:
        """Publish a durable change of this process; never waits."""
        self._put(f"token {token_id}")

    def command_changed(self, command_id: int) -> None:
        """Publish a durable change of this process; never waits."""
        self._put(f"command {command_id}")

    def desired_changed(self, device_id: int) -> None:
        """Publish a durable change of this process; never waits."""
        self._put(f"desired {device_id}")

    def connections_opened(self, opened: str) -> None:
        """Publish connections of MQTT clients, as a text without spaces; never waits."""
        self._put(f"connections {opened}")

    def _put(self, change: str) -> None:
        self._pending.add(change)
        if len(self._pending) > MOST:
            self._pending = {ANYTHING}
        self._changed.set()

    async def _publish_regularly(self) -> None:
        await self._changed.wait()
        self._changed.clear()
        await self._publish()

    async def _publish(self) -> None:
        publishing, self._pending = self._pending, set()
        try:
            await self._connection.run(_published([f"{self._name} {change}" for change in publishing]))
        except BaseException:
            # Also if cancelled: the changes are published by the next call.
            for change in publishing:
                self._put(change)
            raise

    async def _subscribe(self) -> None:
        """Receive changes until the connection ends, which raises Unavailable."""

        async def work(redis: "Redis") -> None:
            async with redis.pubsub() as subscription:
                async with asyncio.timeout(SUBSCRIBE_SECONDS):
                    await subscription.subscribe(CHANNEL)
                while True:
                    await self._receive(await _next(subscription))

        await self._connection.run(work, seconds=math.inf)

    async def _receive(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            # No change is missed from here on; any change may have been missed before.
            await self._handler.anything()
        elif message["type"] == "message":
            name, kind, identity = message["data"].decode().split()
            if name != self._name:
                await self._apply(kind, identity)

    async def _apply(self, kind: str, identity: str) -> None:
        match kind:
            case "device":
                await self._handler.device(int(identity))
            case "imported":
                await self._handler.imported(range(*map(int, identity.split("-"))))
            case "token":
                await self._handler.token(int(identity))
            case "command":
                await self._handler.command(int(identity))
            case "desired":
                await self._handler.desired(int(identity))
            case "connections":
                await self._handler.connections(identity)
            case _:
                await self._handler.anything()


async def _run_forever(work: Callable[[], Any]) -> None:
    while True:
        try:
            await work()
        except Unavailable:
            await asyncio.sleep(RETRY_SECONDS)
        except Exception:
            # This task must go on: otherwise changes of other processes would never arrive.
            log.exception("invalidations_failed")
            await asyncio.sleep(RETRY_SECONDS)


def _published(messages: Collection[str]) -> Callable[["Redis"], Any]:
    async def work(redis: "Redis") -> None:
        async with redis.pipeline(transaction=False) as pipeline:
            for message in messages:
                pipeline.publish(CHANNEL, message)
            await pipeline.execute()

    return work


async def _next(subscription: PubSub) -> dict[str, Any]:
    """The next message. Raises ConnectionError if the connection is silent and does not respond to a ping."""
    for _ in range(2):
        message: dict[str, Any] | None = await subscription.get_message(timeout=SILENCE_SECONDS)
        if message is not None:
            return message
        await subscription.ping()
    raise RedisConnectionError("silent")
