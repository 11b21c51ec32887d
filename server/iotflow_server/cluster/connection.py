"""The Redis client of the process."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from hashlib import sha1
from typing import Any, TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

from iotflow_server.errors import InvalidArgument, Unavailable

Result = TypeVar("Result")
Work = Callable[[Redis], Awaitable[Result]]

# Concurrent calls; further ones wait, which counts towards their time limit.
CONNECTIONS = 16

log = structlog.get_logger(__name__)


class RedisConnection:
    """Runs calls of Redis with a time limit, and turns every failure into Unavailable.

    Connections are opened on demand, so Redis may be away at the start and come back at any time. Calls are never retried:
    whether a failed call was carried out is unknown. seconds: time limit of a call, including the wait for a connection.
    Raises InvalidArgument for an unusable URL.
    """

    def __init__(self, url: str, *, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._available = True
        self._is_closed = False
        self._running = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        try:
            # run() limits the whole call; the time-outs of the library would add up.
            self._pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
                url,
                max_connections=CONNECTIONS,
                timeout=None,
                socket_timeout=None,
                socket_connect_timeout=None,
                retry=Retry(NoBackoff(), 0),
                protocol=2,
            )
            self._redis = Redis(connection_pool=self._pool)
            # Validates the values of the URL without connecting.
            self._pool.make_connection()  # type: ignore[no-untyped-call]
        except (TypeError, ValueError):
            # The message of the library is left out: it may contain a part of the password.
            raise InvalidArgument("IOTFLOW_REDIS_URL", "is no URL of a Redis server") from None

    @property
    def available(self) -> bool:
        """Whether the last call succeeded."""
        return self._available

    async def close(self) -> None:
        """Close all connections, after the calls in progress; later calls raise Unavailable."""
        self._is_closed = True
        # The library would open a connection for a call that still waits for one.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._is_idle.wait()
        await self._redis.aclose()
        await self._pool.aclose()

    async def check(self) -> None:
        """Raise Unavailable if Redis does not respond."""
        await self.run(_ping)

    async def run(self, work: Work[Result], *, seconds: float | None = None) -> Result:
        """Return the result of work(redis), which may use any calls and pipelines; responses are bytes. Raises Unavailable.

        seconds: another time limit, for a call that waits on purpose. Work that ends with Unavailable may have been carried
        out, or may still be.
        """
        if self._is_closed:
            raise Unavailable("REDIS_UNAVAILABLE", "The connection to Redis is closed.")
        self._running += 1
        self._is_idle.clear()
        try:
            async with asyncio.timeout(self._seconds if seconds is None else seconds):
                result = await work(self._redis)
        except (RedisError, OSError) as error:
            self._record(available=False, problem=type(error).__name__)
            raise Unavailable(
                "REDIS_UNAVAILABLE", "Redis is unavailable; check that it runs and IOTFLOW_REDIS_URL."
            ) from error
        finally:
            self._running -= 1
            if not self._running:
                self._is_idle.set()
        self._record(available=True)
        return result

    def _record(self, *, available: bool, problem: str = "") -> None:
        if available != self._available:
            self._available = available
            if available:
                log.info("redis_available")
            else:
                log.warning("redis_unavailable", problem=problem)


async def _ping(redis: "Redis") -> None:
    await redis.ping()


class Script:
    """A Lua script that Redis runs atomically. Its source is sent only if Redis does not know it."""

    def __init__(self, source: str, *keys: str) -> None:
        self._source = source
        self._keys = keys
        self._name = sha1(source.encode()).hexdigest()  # noqa: S324

    def call(self, *arguments: Any) -> Callable[["Redis"], Any]:
        """Work for RedisConnection.run that returns the result of the script."""

        async def work(redis: "Redis") -> Any:
            try:
                return await redis.evalsha(self._name, len(self._keys), *self._keys, *arguments)
            except NoScriptError:
                return await redis.eval(self._source, len(self._keys), *self._keys, *arguments)

        return work
