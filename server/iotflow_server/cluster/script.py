"""Scripts that Redis carries out as one step."""

from collections.abc import Callable
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError


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
