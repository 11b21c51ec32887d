"""What ties a worker and its parent: the worker says on it that it serves, and its end tells each that the other is gone."""

import asyncio
import socket
from typing import Self

SERVES = b"serves\n"


class Lifeline:
    """One of the two ends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def of(cls, end: socket.socket) -> Self:
        """Takes the socket over."""
        return cls(*await asyncio.open_connection(sock=end))

    def say_serving(self) -> None:
        """Told by the worker, once."""
        self._writer.write(SERVES)

    async def serves(self) -> bool:
        """Wait until the worker says that it serves; False: it is gone."""
        return await self._line() == SERVES

    async def gone(self) -> None:
        """Wait until the other end is gone, however it went."""
        while await self._line():
            pass

    def close(self) -> None:
        """Let go of this end."""
        self._writer.close()

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ConnectionError:
            return b""
