"""Checks whether the MQTT broker accepts connections."""

import asyncio
import time

CONNECT_SECONDS = 2.0
# The result is cached for this long, because anonymous callers may ask, and each check costs a name lookup and a connection.
CACHE_SECONDS = 1.0


class BrokerProbe:
    """host: empty if there is no broker."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._started_at = 0.0
        self._result: asyncio.Task[bool] | None = None

    async def is_reachable(self) -> bool:
        """The result of a check at most a second ago. Concurrent calls share one check."""
        if not self._host:
            return False
        result = self._result
        if result is None or (result.done() and time.monotonic() - self._started_at > CACHE_SECONDS):
            self._started_at = time.monotonic()
            result = self._result = asyncio.create_task(self._connects(), name="broker probe")
        return await asyncio.shield(result)

    async def _connects(self) -> bool:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            return False
        writer.close()
        return True
