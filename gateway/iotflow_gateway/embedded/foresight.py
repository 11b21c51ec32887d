"""The beginning of a connection, looked at before amqtt reads it: it takes every version of MQTT for 3.1.1."""

import asyncio

from amqtt.adapters import ReaderAdapter
from amqtt.errors import NoDataError

CONNECT, NAMES = 0x10, (b"MQTT", b"MQIsdp")
# In MQTT 5's own words: Unsupported Protocol Version (MQTT 5, 3.2.2.2).
CONNACK_UNSUPPORTED = bytes([0x20, 3, 0, 0x84, 0])


class Foresight(ReaderAdapter):
    """Gives what it looked at to who reads afterwards."""

    def __init__(self, reader: ReaderAdapter) -> None:
        self._reader = reader
        self._seen = b""

    async def level(self) -> int:
        """The protocol level that a CONNECT names (3.1.2.2); 0 where it begins in no such way."""
        if (await self._next(1))[0] != CONNECT:
            return 0
        # The packet's length, of at most four bytes.
        for _ in range(4):
            if (await self._next(1))[0] < 0x80:
                break
        size = int.from_bytes(await self._next(2), "big")
        if size not in map(len, NAMES) or await self._next(size) not in NAMES:
            return 0
        return (await self._next(1))[0]

    async def read(self, n: int = -1) -> bytes:
        if not self._seen:
            read: bytes = await self._reader.read(n)
            return read
        end = len(self._seen) if n < 0 else n
        seen, self._seen = self._seen[:end], self._seen[end:]
        return seen if n < 0 or len(seen) == n else seen + await self._reader.read(n - len(seen))

    def feed_eof(self) -> None:
        self._reader.feed_eof()

    async def _next(self, count: int) -> bytes:
        """Raises NoDataError at the end, which amqtt knows."""
        try:
            read: bytes = await self._reader.read(count)
        except asyncio.IncompleteReadError:
            read = b""
        if len(read) < count:
            raise NoDataError("the connection ended before it began")
        self._seen += read
        return read
