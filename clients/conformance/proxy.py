"""A TCP proxy that breaks connections: it kills, delays, throttles, half-closes, swallows, holds back, and ends TLS."""

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from clients.conformance import portal
from tools.ports import reserved_port

_CHUNK_BYTES = 16 * 1024
# Under a throttle, so that a chunk does not take whole seconds.
_THROTTLED_BYTES = 1024
# The kernel's buffers, so that a stalled connection is felt soon.
_BUFFER_BYTES = 32 * 1024


@dataclass(slots=True)
class Faults:
    """What happens to bytes. bytes_per_second: 0: no limit. swallow: nothing passes. cut_after: bytes from the client after
    which a connection is killed; 0: never."""

    delay: float = 0.0
    bytes_per_second: float = 0.0
    swallow: bool = False
    cut_after: int = 0


class Proxy:
    """Listens on one port, and passes connections on to `upstream`, a port of this machine.

    refuse: new connections are accepted and reset at once. other_protocol: what new connections are answered in place of the
    server, before they are closed; None: the server answers. page_status: the HTTP status with which a web page answers the
    first call of new connections; None: the server answers. attempts: the monotonic time of each new connection.
    """

    def __init__(self, upstream: int) -> None:
        self.port = reserved_port()
        self.faults = Faults()
        self.refuse = False
        self.other_protocol: bytes | None = None
        self.page_status: int | None = None
        self.attempts: list[float] = []
        self.tls: ssl.SSLContext | None = None
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._other: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._kills = 0

    @property
    def target(self) -> str:
        """host:port for the testee."""
        return f"127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Listen. With `tls` set, TLS of connections from now on ends here."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=_BUFFER_BYTES)

    async def open_also(self, address: str) -> int:
        """Listen at another address of this machine until end(), and return the port."""
        self._other = await asyncio.start_server(self._accept, address, 0, limit=_BUFFER_BYTES)
        port: int = self._other.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening, so that the system refuses new connections. Present connections stay."""
        if self._server:
            self._server.close()
            self._server = None

    async def reopen(self) -> None:
        """Listen, whether or not the proxy does. Present connections stay."""
        await self.close()
        await self.open()

    def kill(self) -> None:
        """Reset all connections on both sides, also those that are still being made."""
        self._kills += 1
        for link in list(self._links):
            link.kill()

    def half_close(self) -> None:
        """End the direction to the client of all connections; the other direction stays open."""
        for link in self._links:
            link.half_close()

    def hold(self) -> None:
        """Keep what the clients of all present connections send from now on, until release()."""
        for link in self._links:
            link.held = True

    def lose(self) -> None:
        """Reset the client's side of the connections that are held; the server does not notice."""
        for link in self._links:
            if link.held:
                link.lose()

    async def release(self) -> None:
        """Pass on what hold() kept, after everything that came by later connections, and wait for an answer to it."""
        await asyncio.gather(*(link.release() for link in self._links if link.held))

    async def end(self) -> None:
        """Stop listening and reset everything."""
        if self._other:
            self._other.close()
        await self.close()
        self.kill()
        await asyncio.gather(*(link.ended() for link in list(self._links)))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.attempts.append(time.monotonic())
        if self.refuse:
            _reset(writer)
            return
        if self.other_protocol is not None:
            await _answer_otherwise(reader, writer, self.other_protocol)
            return
        if self.page_status is not None:
            await portal.answer(reader, writer, self.page_status)
            return
        kills = self._kills
        try:
            if self.tls:
                # Not by the listener: it would not report connections whose handshake fails. Nothing may be awaited before,
                # because bytes of the handshake would be read.
                await writer.start_tls(self.tls)
            server = await asyncio.open_connection("127.0.0.1", self._upstream, limit=_BUFFER_BYTES)
        except OSError:
            # Among them ssl.SSLError.
            _reset(writer)
            return
        if kills != self._kills:
            _reset(writer)
            _reset(server[1])
            return
        link = _Link((reader, writer), server, lambda: self.faults)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)


Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Link:
    """One connection of a client and its connection to the server. held: the client's bytes are kept."""

    def __init__(self, client: Side, server: Side, faults: Callable[[], Faults]) -> None:
        self.held = False
        self._client = client
        self._server = server
        self._faults = faults
        self._kept: list[bytes] = []
        self._answered = asyncio.Event()
        self._over = asyncio.Event()
        self._killed = asyncio.Event()

    async def run(self) -> None:
        """Pass bytes in both directions until one of them ends."""
        pumps = [asyncio.create_task(self._to_server()), asyncio.create_task(self._to_client())]
        killed = asyncio.create_task(self._killed.wait())
        try:
            await asyncio.wait([*pumps, killed], return_when=asyncio.FIRST_COMPLETED)
            if self.held:
                await asyncio.wait([pumps[1], killed], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*pumps, killed):
                task.cancel()
            await asyncio.gather(*pumps, killed, return_exceptions=True)
            _reset(self._client[1])
            _reset(self._server[1])
            self._answered.set()
            self._over.set()

    def kill(self) -> None:
        """Reset both sides."""
        self._killed.set()

    def half_close(self) -> None:
        """Send the end of the stream to the client."""
        with suppress(OSError, NotImplementedError):
            self._client[1].write_eof()

    def lose(self) -> None:
        """Reset the client's side."""
        _reset(self._client[1])

    async def release(self) -> None:
        """Send the server what was kept."""
        self._answered.clear()
        for data in self._kept:
            self._server[1].write(data)
        with suppress(OSError):
            await self._server[1].drain()
        if self._kept:
            await self._answered.wait()

    async def ended(self) -> None:
        """Wait until both sides are closed."""
        await self._over.wait()

    async def _to_server(self) -> None:
        passed = 0
        with suppress(OSError):
            while data := await self._read(self._client[0]):
                await self._impede(data)
                passed += len(data)
                if 0 < self._faults().cut_after < passed:
                    self.kill()
                elif self.held:
                    self._kept.append(data)
                else:
                    self._server[1].write(data)
                    await self._server[1].drain()

    async def _to_client(self) -> None:
        with suppress(OSError):
            while data := await self._read(self._server[0]):
                self._answered.set()
                await self._impede(data)
                if not self._client[1].is_closing():
                    self._client[1].write(data)
                    await self._client[1].drain()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        return await reader.read(_THROTTLED_BYTES if self._faults().bytes_per_second else _CHUNK_BYTES)

    async def _impede(self, data: bytes) -> None:
        """Take as long as the faults want for these bytes."""
        if self._faults().delay:
            await asyncio.sleep(self._faults().delay)
        if rate := self._faults().bytes_per_second:
            await asyncio.sleep(len(data) / rate)
        if self._faults().swallow:
            # What was swallowed is lost: the connection passes nothing more, until it is killed.
            await self._killed.wait()


async def _answer_otherwise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes) -> None:
    """Close in order, as a server does that does not understand the first bytes."""
    with suppress(OSError):
        await reader.read(_CHUNK_BYTES)
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, as a host that has lost its state does."""
    raw = writer.get_extra_info("socket")
    with suppress(OSError, AttributeError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
