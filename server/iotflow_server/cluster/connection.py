"""The process's one client of Redis."""

import asyncio
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

# Calls at a time; more of them wait, and their time runs.
CONNECTIONS = 16

log = structlog.get_logger(__name__)


class RedisConnection:
    """Runs calls of Redis, each within a time, and turns whatever goes wrong into Unavailable.

    Connections are made when they are needed, so Redis may be away at the start and come back at any time. A call is
    never repeated by itself: whether one that failed was carried out is unknown. seconds: what a call may take, waiting
    for a connection included. Raises InvalidArgument for a URL that cannot be used.
    """

    def __init__(self, url: str, *, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._available = True
        try:
            # One bound for a whole call, in run(): time-outs of the library's own would add up.
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
            # Looks at the URL's values without connecting.
            self._pool.make_connection()  # type: ignore[no-untyped-call]
        except (TypeError, ValueError):
            # Not the library's words: they may hold a part of the password.
            raise InvalidArgument("IOTFLOW_REDIS_URL", "is no URL of a Redis server") from None

    @property
    def available(self) -> bool:
        """Whether the last call was answered."""
        return self._available

    async def close(self) -> None:
        """Hang up."""
        await self._redis.aclose()
        await self._pool.aclose()

    async def check(self) -> None:
        """Raise Unavailable where Redis does not answer."""
        await self.run(_ping)

    async def run(self, work: Work[Result], *, seconds: float | None = None) -> Result:
        """What work(redis) returns: any calls and pipelines, answers as bytes. Raises Unavailable.

        seconds: another bound than the usual one, for a call that waits on purpose. Work that Unavailable ends may have
        been carried out, and may still be.
        """
        try:
            async with asyncio.timeout(self._seconds if seconds is None else seconds):
                result = await work(self._redis)
        except (RedisError, OSError) as error:
            self._note(available=False, problem=type(error).__name__)
            raise Unavailable("REDIS_UNAVAILABLE", "Redis cannot be used at the moment") from error
        self._note(available=True)
        return result

    def _note(self, *, available: bool, problem: str = "") -> None:
        if available != self._available:
            self._available = available
            if available:
                log.info("redis answers again")
            else:
                log.warning("redis does not answer", problem=problem)


async def _ping(redis: "Redis") -> None:
    await redis.ping()


class Script:
    """Sent whole only where Redis does not know it yet."""

    def __init__(self, source: str, *keys: str) -> None:
        self._source = source
        self._keys = keys
        self._name = sha1(source.encode()).hexdigest()  # noqa: S324

    def call(self, *arguments: Any) -> Callable[["Redis"], Any]:
        """Work for RedisConnection.run, which answers what the script does."""

        async def work(redis: "Redis") -> Any:
            try:
                return await redis.evalsha(self._name, len(self._keys), *self._keys, *arguments)
            except NoScriptError:
                return await redis.eval(self._source, len(self._keys), *self._keys, *arguments)

        return work
